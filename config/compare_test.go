package config_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// prog is the name under which the recorded messages were printed.
const prog = "qemu-system-x86_64"

// recorded is one start of QEMU 11.1.3: what it was told, and what it said.
type recorded struct {
	Args  []string
	Text  string // of a -readconfig file
	Error string
}

func readRecorded(t *testing.T, name string) []recorded {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []recorded
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestArgsLikeQEMU holds the command line to what a real QEMU accepts and what
// it prints about the rest. The command lines of session-args.json are those
// of the recorded sessions.
func TestArgsLikeQEMU(t *testing.T) {
	for _, file := range []string{"qemu-args.json", "session-args.json"} {
		for _, r := range readRecorded(t, file) {
			_, err := config.ParseArgs(prog, r.Args)
			if diff := cmp.Diff(r.Error, errorText(err)); diff != "" {
				t.Errorf("%q (-QEMU +here):\n%s", r.Args, diff)
			}
		}
	}
}

// TestReadConfigLikeQEMU does the same for -readconfig.
func TestReadConfigLikeQEMU(t *testing.T) {
	dir := t.TempDir()
	for _, r := range readRecorded(t, "qemu-readconfig.json") {
		file := filepath.Join(dir, "machine.cfg")
		if err := os.WriteFile(file, []byte(r.Text), 0o600); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"-nodefaults", "-display", "none", "-S"}, r.Args...)
		_, err := config.ParseArgs(prog, append(args, "-readconfig", file))
		got := strings.ReplaceAll(errorText(err), file, "FILE")
		if diff := cmp.Diff(r.Error, got); diff != "" {
			t.Errorf("%q (-QEMU +here):\n%s", r.Text, diff)
		}
	}
}

// TestSameMachine describes one machine in every spelling.
func TestSameMachine(t *testing.T) {
	args := []string{"-name", "small", "-machine", "q35", "-accel", "qtest", "-m", "128", "-smp", "2", "-nodefaults",
		"-display", "none", "-chardev", "socket,id=mon0,path=/tmp/qomd-small.sock,server=on,wait=off",
		"-mon", "chardev=mon0,mode=control,id=m0",
		"-device", "pcie-root-port,id=rp0,bus=pcie.0,chassis=1,addr=5",
		"-device", "qemu-xhci,id=xhci,bus=rp0,p2=8", "-device", "usb-tablet,id=tablet,bus=xhci.0,serial=0123"}
	m, err := config.ParseArgs(prog, args)
	if err != nil {
		t.Fatal(err)
	}
	want := describeMachine(m)
	spellings := map[string]func(t *testing.T) (*config.Machine, error){
		"yaml": func(t *testing.T) (*config.Machine, error) { return loadOne("small.yaml", nil) },
		"toml": func(t *testing.T) (*config.Machine, error) { return loadOne("small.toml", nil) },
		"json": func(t *testing.T) (*config.Machine, error) { return loadOne("small.json", nil) },
		"cfg and flags": func(t *testing.T) (*config.Machine, error) {
			return loadOne("small.cfg", config.Settings{"nodefaults": "true", "display": "none"})
		},
		"cfg and options": func(t *testing.T) (*config.Machine, error) {
			return config.ParseArgs(prog, []string{"-nodefaults", "-display", "none", "-readconfig", "../examples/small.cfg"})
		},
		"environment": func(t *testing.T) (*config.Machine, error) {
			t.Setenv("QOMD_NODEFAULTS", "true")
			t.Setenv("QOMD_DISPLAY", "none")
			return loadOne("small.cfg", nil)
		},
	}
	for name, load := range spellings {
		t.Run(name, func(t *testing.T) {
			m, err := load(t)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, describeMachine(m)); diff != "" {
				t.Errorf("(-command line +%s):\n%s", name, diff)
			}
		})
	}
}

func loadOne(name string, flags config.Settings) (*config.Machine, error) {
	c, err := config.Load(filepath.Join("..", "examples", name), flags)
	if err != nil {
		return nil, err
	}
	return &c.Machines[0], nil
}

// describeMachine returns the description of a machine alone.
func describeMachine(m *config.Machine) string {
	return string(config.Describe(&config.Config{Machines: []config.Machine{*m}}))
}
