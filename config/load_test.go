package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/config"
)

// TestExamples loads every example and finds nothing wrong with it.
func TestExamples(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/1000")
	machines := map[string]int{"fleet.yaml": 100}
	var files []string
	for _, pattern := range []string{"*.yaml", "*.toml", "*.json", "*.cfg"} {
		found, err := filepath.Glob(filepath.Join("..", "examples", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		c, err := config.Load(file, nil)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if err := config.Check(c); err != nil {
			t.Errorf("check: %v", err)
		}
		want := max(machines[filepath.Base(file)], 1)
		if len(c.Machines) != want {
			t.Errorf("%s: %d machines, want %d", file, len(c.Machines), want)
		}
	}
	if len(files) < 6 {
		t.Errorf("only %d examples found", len(files))
	}
}

// TestDefault keeps the embedded machine and the example the same.
func TestDefault(t *testing.T) {
	example, err := os.ReadFile("../examples/default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(example), string(config.DefaultYAML())); diff != "" {
		t.Errorf("examples/default.yaml differs from config/default.yaml:\n%s", diff)
	}
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/1000")
	c, err := config.Default(config.Settings{"memory.size": "256M"})
	if err != nil {
		t.Fatal(err)
	}
	m := c.Machines[0]
	if m.Memory.Size != 256<<20 || m.Guest != "linux" || m.Chardevs[0].Socket.Path != "/run/user/1000/qomd/default.sock" {
		t.Errorf("unexpected default machine:\n%s", config.Describe(c))
	}
}

// TestGoldens describes each file of testdata as its golden does.
func TestGoldens(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/1000")
	for _, name := range []string{"everything.yaml", "everything.toml", "nested.json", "qemu.cfg", "fleet.yaml"} {
		c, err := config.Load(filepath.Join("testdata", name), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		golden := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(golden, config.Describe(c), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(config.Describe(c))); diff != "" {
			t.Errorf("%s (-golden +now):\n%s", name, diff)
		}
	}
}

// examples/all.yaml shows every key that a machine may have.
func TestAllKeysShown(t *testing.T) {
	source, err := os.ReadFile("filemachine.go")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../examples/all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, members, ok := strings.Cut(string(source), ") member(")
	members, _, end := strings.Cut(members, "// argument is")
	if !ok || !end {
		t.Fatal("where are the members read?")
	}
	keys := regexp.MustCompile(`"([a-z-]+)":`).FindAllStringSubmatch(members, -1)
	if len(keys) < 30 {
		t.Fatalf("only %d keys", len(keys))
	}
	for _, k := range keys {
		if !regexp.MustCompile(`(?m)^  (?:  |- )(?:# )?` + k[1] + `:`).Match(example) {
			t.Errorf("%s is not shown", k[1])
		}
	}
}

// TestMistakes holds the messages about mistakes in files. In the text of a
// file and in the messages "FILE" stands for its name.
func TestMistakes(t *testing.T) {
	const machine = "machines:\n- type: q35\n  nodefaults: true\n"
	for _, c := range []struct{ name, file, text, want string }{
		{"unknown key", "a.yaml", "machines:\n- typ: q35\n", "FILE:2: machines[0].typ: unknown key"},
		{"unknown section", "a.yaml", machine + "logs: {}\n", "FILE:4: logs: unknown key"},
		{"no machine", "a.yaml", "log: {level: info}\n", "FILE:1: machines: no machine is described"},
		{"no machines", "a.yaml", "machines: []\n", "FILE:1: machines: no machine is described"},
		{"guest", "a.yaml", machine + "  guest: windows\n", "FILE:4: machines[0].guest: unknown guest 'windows', known are none, linux"},
		{"temper", "a.yaml", machine + "  guest: \"linux,temper=angry\"\n", "FILE:4: machines[0].guest: unknown temper 'angry', known are accept, ignore, refuse, busy, die, hang, eject, surprise, misread"},
		{"empty", "a.yaml", "", "FILE:1: machines: no machine is described"},
		{"not a map", "a.yaml", "- 1\n", "FILE:1: expected a map, found a list"},
		{"wrong kind", "a.yaml", "machines: 5\n", "FILE:1: machines: expected a list, found a whole number"},
		{"number for text", "a.yaml", machine + "  name: 007\n",
			`FILE:4: machines[0].name: 007 is a whole number where a string is meant and would be read as 7: write it in quotes, "007"`},
		{"boolean for text", "a.yaml", machine + "  guest: true\n",
			`FILE:4: machines[0].guest: true is a boolean where a string is meant: write it in quotes, "true"`},
		{"guest", "a.yaml", machine + "  guest: {kind: windows, temper: ignor, delay-ms: soon, color: red}\n",
			`FILE:4: machines[0].guest.kind: "windows" is none of none, linux
FILE:4: machines[0].guest.temper: unknown temper 'ignor', known are accept, ignore, refuse, busy, die, hang, eject, surprise, misread
FILE:4: machines[0].guest.delay-ms: Parameter 'delay-ms' expects integer
FILE:4: machines[0].guest.color: unknown key`},
		{"a device's temper", "a.yaml", machine + "  guest: {devices: {x0: {temper: busy, size: 3}}}\n",
			"FILE:4: machines[0].guest.devices: x0: Parameter 'size' is unexpected"},
		{"faults", "a.yaml", machine + "  faults: {split: 3, flood: 1, realize: {stage: lunch}}\n",
			"FILE:4: machines[0].faults.flood: unknown key\n" +
				"FILE:4: machines[0].faults.realize: unknown stage 'lunch', known are new, property, pre-plug, realize, migration, bus, plug, unplug"},
		{"clock", "a.yaml", machine + "  clock: fast\n", `FILE:4: machines[0].clock: "fast" is none of real, virtual, step`},
		{"text for boolean", "a.yaml", machine + "  paused: maybe\n", "FILE:4: machines[0].paused: expected true or false, found a string"},
		{"fraction", "a.yaml", machine + "  devices:\n  - driver: e1000\n    addr: 1.10\n",
			`FILE:6: machines[0].devices[0].addr: 1.10 is a number where a string is meant and would be read as 1.1: write it in quotes, "1.10"`},
		{"plain fraction", "a.yaml", machine + "  devices:\n  - driver: e1000\n    addr: 1.1\n",
			`FILE:6: machines[0].devices[0].addr: 1.1 is a number where a string is meant: write it in quotes, "1.1"`},
		{"octal", "a.yaml", machine + "  devices:\n  - driver: e1000\n    addr: 012\n",
			`FILE:6: machines[0].devices[0].addr: 012 is a whole number where a string is meant and would be read as 10: write it in quotes, "012"`},
		{"number for a device's text", "a.yaml", machine + "  devices:\n  - {driver: usb-tablet, serial: 123}\n",
			`FILE:5: machines[0].devices[0].serial: 123 is a whole number where a string is meant: write it in quotes, "123"`},
		{"date", "a.yaml", machine + "  devices:\n  - {driver: e1000, x: 2020-01-01}\n",
			`FILE:5: machines[0].devices[0].x: 2020-01-01 is a date where a string is meant: write it in quotes, "2020-01-01"`},
		{"null", "a.yaml", machine + "  devices:\n  - {driver: e1000, x: ~}\n", "FILE:5: machines[0].devices[0].x: expected a value, found nothing"},
		{"no driver", "a.yaml", machine + "  devices:\n  - {id: x}\n", "FILE:5: machines[0].devices[0]: the driver is missing"},
		{"bad id", "a.yaml", machine + "  devices:\n  - {driver: e1000, id: 1x}\n",
			`FILE:5: machines[0].devices[0].id: "1x" is not an identifier: letters, digits, '-', '.' and '_', starting with a letter`},
		{"memory without unit", "a.yaml", machine + "  memory: 128\n", `FILE:4: machines[0].memory: 128 needs a unit, as in "128M"`},
		{"memory", "a.yaml", machine + "  memory: lots\n", `FILE:4: machines[0].memory: "lots" is not a size, as "128M" or "1.5G" are`},
		{"memory slots", "a.yaml", machine + "  memory: {size: 1G, slots: 2}\n", "FILE:4: machines[0].memory: slots specified but no max-size"},
		{"topology", "a.yaml", machine + "  smp: {cpus: 3, sockets: 2}\n",
			"FILE:4: machines[0].smp: Invalid CPU topology: product of the hierarchy must match maxcpus: sockets (2) * dies (1) * modules (1) * cores (1) * threads (1) != maxcpus (3)"},
		{"machine type", "a.yaml", "machines:\n- type: q36\n",
			"FILE:2: machines[0]: unsupported machine type: \"q36\"\nUse -machine help to list supported machines"},
		{"monitor", "a.yaml", machine + "  monitors:\n  - mode: control\n", "FILE:5: machines[0].monitors[0]: either address or chardev is required"},
		{"monitor address", "a.yaml", machine + "  monitors:\n  - address: carrier-pigeon\n",
			"FILE:5: machines[0].monitors[0]: address \"carrier-pigeon\": 'carrier-pigeon' is not a valid char driver"},
		{"monitor chardev", "a.yaml", machine + "  monitors:\n  - chardev: x\n", "FILE:5: machines[0].monitors[0]: chardev \"x\" not found"},
		{"chardev member", "a.yaml", machine + "  chardevs:\n  - {id: c, backend: null, foo: 1}\n",
			"FILE:5: machines[0].chardevs[0].backend: expected a value, found nothing\nFILE:5: machines[0].chardevs[0].foo: Invalid parameter 'foo'"},
		{"object", "a.yaml", machine + "  objects:\n  - {qom-type: pony, id: p}\n", "FILE:5: machines[0].objects[0]: Parameter 'qom-type' does not accept value 'pony'"},
		{"reserved", "a.yaml", machine + "  type-options: {accel: tcg}\n", "FILE:4: machines[0].type-options.accel: write it as accel of the machine"},
		{"log", "a.yaml", machine + "log: {level: loud}\n", `FILE:4: log.level: "loud" is none of debug, info, warn, error`},
		{"count", "a.yaml", "machines:\n- count: 0\n", "FILE:2: machines[0].count: must be between 1 and 100000"},
		{"several", "a.yaml", "machines:\n- typ: q35\n  name: 5\n- nme: x\n",
			"FILE:2: machines[0].typ: unknown key\n" +
				"FILE:3: machines[0].name: 5 is a whole number where a string is meant: write it in quotes, \"5\"\n" +
				"FILE:4: machines[1].nme: unknown key"},
		{"yaml syntax", "a.yaml", "machines: [\n", "FILE:1: did not find expected node content"},
		{"yaml twice", "a.yaml", "log: {}\nlog: {}\n", "FILE:2: log is given twice"},
		{"toml", "a.toml", "[[machines]]\ntype = \"q35\"\nnodefaults = true\n[[machines.devices]]\ndriver = \"e1000\"\naddr = 1.10\nx = 1_0\n",
			"FILE:6: machines[0].devices[0].addr: 1.10 is a number where a string is meant and would be read as 1.1: write it in quotes, \"1.10\"\n" +
				"FILE:7: machines[0].devices[0].x: 1_0 is a number and would be read as 10: write it in quotes, \"1_0\""},
		{"toml syntax", "a.toml", "[[machines]\n", "FILE:1: toml: expected character ]"},
		{"json", "a.json", "{\"machines\": [\n{\"type\": \"q35\",\n\"nme\": 1}]}", "FILE:3: machines[0].nme: unknown key"},
		{"json twice", "a.json", "{\"log\": {},\n\"log\": {}}", "FILE:2: log is given twice"},
		{"json end", "a.json", "{\"log\": {}", "FILE:1: the document ends too early"},
		{"json more", "a.json", "{} {}", "FILE:1: more than one value"},
		{"cfg", "a.cfg", "[device \"x\"]\n", "FILE: Parameter 'driver' is missing"},
		{"cfg group", "a.cfg", "[devices]\n", "FILE: There is no option group 'devices'"},
		{"format", "a.xml", "", "FILE: the name of the file must say its format: .yaml, .toml, .json or .cfg"},
	} {
		_, err := config.Parse(c.file, []byte(c.text), nil)
		if diff := cmp.Diff(strings.ReplaceAll(c.want, "FILE", c.file), errorText(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestPrecedence sets one value in every layer.
func TestPrecedence(t *testing.T) {
	const text = "log: {level: warn}\nmachines:\n- {type: q35, memory: 64M, smp: 2, nodefaults: true, guest: none}\n"
	load := func(flags config.Settings) config.Machine {
		t.Helper()
		c, err := config.Parse("a.yaml", []byte(text), flags)
		if err != nil {
			t.Fatal(err)
		}
		if c.Log.Format != "auto" {
			t.Errorf("format %q", c.Log.Format)
		}
		return c.Machines[0]
	}
	if m := load(nil); m.Memory.Size != 64<<20 || m.SMP.CPUs != 2 || m.Guest != "none" {
		t.Errorf("file: %+v", m)
	}
	t.Setenv("QOMD_MEMORY", "96M")
	t.Setenv("QOMD_SMP_CORES", "2")
	t.Setenv("QOMD_GUEST", "linux")
	if m := load(nil); m.Memory.Size != 96<<20 || m.SMP.Cores != 2 || m.SMP.CPUs != 2 || m.Guest != "linux" {
		t.Errorf("environment: %+v", m)
	}
	if m := load(config.Settings{"memory.size": "1G"}); m.Memory.Size != 1<<30 {
		t.Errorf("flag: %+v", m)
	}
	t.Setenv("QOMD_LOG_LEVEL", "shout")
	_, err := config.Parse("a.yaml", []byte(text), nil)
	if want := `QOMD_LOG_LEVEL: "shout" is none of debug, info, warn, error`; errorText(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	t.Setenv("QOMD_LOG_LEVEL", "info")
	t.Setenv("QOMD_MEMROY", "1G")
	_, err = config.Parse("a.yaml", []byte(text), nil)
	if want := "environment: QOMD_MEMROY is not a setting"; errorText(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestCatalog takes an embedded catalog by either name, or a file.
func TestCatalog(t *testing.T) {
	const file = "../devices/catalog/qemu-7.2.cat"
	for name, want := range map[string]string{
		"7.2": "", "qemu-7.2": "", file: "",
		"1.0":          `a.yaml:1: machines[0].catalog: there is no catalog "1.0": neither embedded (qemu-11.1, qemu-7.2) nor a file`,
		".":            "a.yaml:1: machines[0].catalog: catalog: read .: is a directory",
		"load_test.go": "a.yaml:1: machines[0].catalog: catalog load_test.go: not a catalog file: wrong magic",
	} {
		c, err := config.Parse("a.yaml", fmt.Appendf(nil, "machines: [{type: pc-q35-7.2, catalog: %q}]", name), nil)
		if errorText(err) != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
		if err == nil && (c.Machines[0].Catalog != name || config.Check(c) != nil) {
			t.Errorf("%s: %+v, %v", name, c.Machines[0], config.Check(c))
		}
	}
}

// TestCheck finds what only the whole description and the catalog can tell.
func TestCheck(t *testing.T) {
	text := `machines:
- name: a
  type: q35
  nodefaults: true
  monitors: [{address: "unix:/tmp/same.sock"}]
  devices:
  - {driver: pony, id: x}
  - {driver: pci-device}
  - {driver: e1000, id: x, colour: red}
- name: a
  type: q35
  nodefaults: true
  monitors: [{address: "unix:/tmp/same.sock"}]
`
	c, err := config.Parse("a.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `a.yaml:7: machines[0].devices[0]: there is no device "pony"
a.yaml:8: machines[0].devices[1]: "pci-device" is a kind of devices, not a device
a.yaml:9: machines[0].devices[2]: device "e1000" has no property "colour"
a.yaml:9: machines[0].devices[2]: the id "x" is used twice
a.yaml:11: machines[1]: the name "a" is used twice
a.yaml:13: machines[1].monitors[0]: a: the socket /tmp/same.sock is also used by a`
	if diff := cmp.Diff(want, errorText(config.Check(c))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
