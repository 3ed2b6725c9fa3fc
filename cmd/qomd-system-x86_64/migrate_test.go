package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/client"
)

// migrations is how often TestMigrate moves a machine.
var migrations = flag.Int("migrations", 5, "how many times to migrate a machine between two processes")

// tenDevices is a q35 with ten devices and an expander, and room for more.
var tenDevices = []string{
	"-machine", "q35", "-accel", "tcg", "-nodefaults", "-display", "none", "-m", "64",
	"-netdev", "user,id=n0",
	"-device", "pcie-root-port,id=rp0,chassis=1,addr=2.0,multifunction=on",
	"-device", "pcie-root-port,id=rp1,chassis=2,addr=2.1",
	"-device", "pcie-root-port,id=rp2,chassis=3,addr=2.2",
	"-device", "pcie-root-port,id=rp3,chassis=4,addr=2.3",
	"-device", "qemu-xhci,id=xhci,addr=3",
	"-device", "usb-tablet,id=tablet,bus=xhci.0",
	"-device", "virtio-scsi-pci,id=scsi,addr=4",
	"-device", "virtio-net-pci,id=net,netdev=n0,addr=5",
	"-device", "edu,id=edu,bus=rp3",
	"-device", "virtio-balloon-pci,id=balloon,addr=6",
	"-device", "pxb-pcie,id=x,bus_nr=64,addr=7",
	"-device", "pcie-root-port,id=rp4,chassis=5,bus=x", "-device", "edu,id=far,bus=rp4",
}

// monitor starts a machine in a process of its own and connects to it.
func monitor(t testing.TB, name string, args ...string) (*program, *client.Client) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), name)
	p := start(t, append(args, "-qmp", "unix:"+socket+",server=on,wait=off")...)
	conn, err := p.dial("unix:" + socket)
	if err != nil {
		t.Fatal(err)
	}
	c := client.New(conn, client.Config{})
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Disconnect() })
	return p, c
}

// ask runs a command and returns its result.
func ask[R any](t testing.TB, c *client.Client, command string, args any) R {
	t.Helper()
	var r R
	if err := c.Execute(t.Context(), command, args, &r); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return r
}

type dict = map[string]any

// status is what query-migrate tells.
type status struct {
	Status string `json:"status"`
	Error  string `json:"error-desc"`
}

// await polls query-migrate until it tells one of some statuses.
func await(t testing.TB, c *client.Client, want ...string) status {
	t.Helper()
	for limit := time.Now().Add(endLimit); ; {
		s := ask[status](t, c, "query-migrate", nil)
		for _, w := range want {
			if s.Status == w {
				return s
			}
		}
		if time.Now().After(limit) {
			t.Fatalf("migration is %+v, want %q", s, want)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestMigrate moves a machine to another process while a client plugs and
// unplugs: both trees are the same afterwards.
func TestMigrate(t *testing.T) {
	for i := range *migrations {
		t.Run(fmt.Sprint(i), func(t *testing.T) { migrateOnce(t, uint64(i)) })
	}
}

func migrateOnce(t *testing.T, seed uint64) {
	_, source := monitor(t, "source", tenDevices...)
	_, target := monitor(t, "target", append(tenDevices, "-incoming", "defer")...)
	uri := "unix:" + filepath.Join(t.TempDir(), "stream")
	caps := dict{"capabilities": []dict{{"capability": "pause-before-switchover", "state": true}}}
	ask[dict](t, source, "migrate-set-capabilities", caps)
	ask[dict](t, target, "migrate-incoming", dict{"uri": uri})

	chance := rand.New(rand.NewPCG(seed, 1))
	begin := chance.IntN(20)
	for i := 0; ; i++ {
		if i == begin {
			ask[dict](t, source, "migrate", dict{"uri": uri})
		}
		err := plugOrUnplug(t, source, chance)
		if refused := err != nil && strings.HasSuffix(err.Error(), "not allowed while migrating"); refused {
			if i < begin {
				t.Fatal("refused before the migration began")
			}
			break
		}
		if i >= begin && err == nil { // an id or a bus that is not there is an error that comes first
			t.Fatal("not refused while migrating")
		}
	}
	await(t, source, "pre-switchover")
	ask[dict](t, source, "migrate-continue", dict{"state": "pre-switchover"})
	got := arrived(t, source, target)
	for _, id := range []string{"rp0", "edu", "tablet", "far"} {
		if got["/machine/peripheral/"+id] == nil {
			t.Errorf("the destination has no %s", id)
		}
	}
}

// arrived waits until a machine has moved, checks that the trees of both sides are
// the same, and returns that.
func arrived(t *testing.T, source, target *client.Client) map[string]map[string]any {
	t.Helper()
	await(t, source, "completed")
	await(t, target, "completed")
	want, got := tree(t, source), tree(t, target)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the trees differ (-source +destination):\n%s", diff)
	}
	return got
}

// plugOrUnplug does one thing to the machine and returns its answer.
func plugOrUnplug(t *testing.T, c *client.Client, chance *rand.Rand) error {
	t.Helper()
	id := fmt.Sprintf("hot%d", chance.IntN(4))
	command, args := "device_del", dict{"id": id}
	switch chance.IntN(3) {
	case 0:
		command, args = "device_add", dict{"driver": "usb-mouse", "id": id, "bus": "xhci.0"}
	case 1:
		driver := []string{"virtio-rng-pci", "qemu-xhci", "e1000e"}[chance.IntN(3)]
		command, args = "device_add", dict{"driver": driver, "id": id, "bus": fmt.Sprintf("rp%d", chance.IntN(3))}
	}
	return c.Execute(t.Context(), command, args, nil)
}

// tree reads all properties of all objects. Left out are the host's clock and
// the monitor's own socket.
func tree(t testing.TB, c *client.Client) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for todo := []string{"/"}; len(todo) > 0; todo = todo[1:] {
		path := todo[0]
		list := ask[[]struct {
			Properties []struct {
				Name, Type string
				Value      any
			}
		}](t, c, "qom-list-get", dict{"paths": []string{path}})
		props := map[string]any{}
		for _, p := range list[0].Properties {
			if strings.HasPrefix(p.Type, "child<") && path+p.Name != "/chardevs" {
				todo = append(todo, strings.TrimSuffix(path, "/")+"/"+p.Name)
			}
			if p.Name != "date" && p.Name != "rtc-time" {
				props[p.Name] = []any{p.Type, p.Value}
			}
		}
		all[path] = props
	}
	return all
}

// TestCutStream cuts a stream at every fiftieth of its length: the source goes
// on running, the destination says what is wrong.
func TestCutStream(t *testing.T) {
	whole := streamThrough(t, -1)
	const parts = 50
	for i := range parts {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			streamThrough(t, whole*int64(i)/parts)
		})
	}
}

// streamThrough migrates a machine through a socket that passes on so many
// bytes and then breaks; negative: all of them, whose number is returned.
func streamThrough(t *testing.T, limit int64) int64 {
	_, source := monitor(t, "source", tenDevices...)
	target, waiting := monitor(t, "target", append(tenDevices, "-incoming", "defer")...)
	dir := t.TempDir()
	ask[dict](t, waiting, "migrate-incoming", dict{"uri": "unix:" + filepath.Join(dir, "out")})
	ln, err := net.Listen("unix", filepath.Join(dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ask[dict](t, source, "migrate", dict{"uri": "unix:" + filepath.Join(dir, "in")})
	n := passOn(t, ln, filepath.Join(dir, "out"), limit)
	if limit < 0 {
		await(t, source, "completed")
		await(t, waiting, "completed")
		return n
	}
	if s := await(t, source, "failed"); s.Error == "" {
		t.Error("the source does not say why")
	}
	if s := ask[dict](t, source, "query-status", nil); s["status"] != "running" {
		t.Errorf("the source is %v", s)
	}
	if code, err := target.wait(); code != 1 || err != nil {
		t.Errorf("the destination ended with %d, %v", code, err)
	}
	const want = "qomd-system-x86_64: load of migration failed: Input/output error"
	if said := strings.TrimSpace(target.stderr.String()); !strings.HasPrefix(said, want) || strings.Contains(said, "\n") {
		t.Errorf("the destination says %q, want %q", said, want)
	}
	return n
}

// passOn copies a connection to another socket, both ways, until limit bytes
// went forward.
func passOn(t *testing.T, ln net.Listener, to string, limit int64) (n int64) {
	from, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	out, err := net.Dial("unix", to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var back sync.WaitGroup
	if limit < 0 {
		back.Go(func() { io.Copy(from, out) })
		n, _ = io.Copy(out, from)
		out.(*net.UnixConn).CloseWrite()
		back.Wait()
		return n
	}
	n, _ = io.CopyN(out, from, limit)
	return n
}

// The stream of one machine does not fit another.
func TestMigrateMismatch(t *testing.T) {
	for _, tc := range []struct {
		name, want   string
		source, here []string
	}{
		{"memory", "Size mismatch: pc.ram: 0x8000000 != 0x10000000", []string{"-m", "128"}, []string{"-m", "256"}},
		{"machine", "Machine type received is 'pc-i440fx-11.1' and local is 'pc-q35-11.1'", []string{"-machine", "pc"}, nil},
		{"device", "Unknown section or instance '0000:00:03.0/qemu-xhci' 0. Make sure", []string{"-device", "qemu-xhci,id=x,addr=3"},
			[]string{"-device", "edu,id=x,addr=3"}},
		{"address", "Unknown section or instance '0000:00:03.0/edu' 0. Make sure", []string{"-device", "edu,id=x,addr=3"},
			[]string{"-device", "edu,id=x,addr=4"}},
		{"root bus", "Unknown section or instance '0000:40:07.0:00.0:00.0/edu' 0. Make sure",
			[]string{"-device", "pxb-pcie,id=x,bus_nr=64,addr=7", "-device", "pcie-root-port,id=rp,bus=x", "-device", "edu,id=d,bus=rp"},
			[]string{"-device", "pxb-pcie,id=x,bus_nr=65,addr=7", "-device", "pcie-root-port,id=rp,bus=x", "-device", "edu,id=d,bus=rp"}},
		{"one more", "'/machine/peripheral/x' is here and not at the source: Bus 'pcie.0' does not support hotplugging", nil,
			[]string{"-device", "edu,id=x,addr=4"}},
		{"scsi unit", "Unknown section or instance '0000:00:03.0/0:0:2/scsi-cd' 0. Make sure",
			[]string{"-device", "virtio-scsi-pci,addr=3", "-device", "scsi-cd,id=x,lun=2"},
			[]string{"-device", "virtio-scsi-pci,addr=3", "-device", "scsi-cd,id=x,lun=3"}},
		{"usb port", "Unknown section or instance '0000:00:03.0/1/usb-mouse' 0. Make sure",
			[]string{"-device", "qemu-xhci,addr=3", "-device", "usb-mouse,id=x,port=1"},
			[]string{"-device", "qemu-xhci,addr=3", "-device", "usb-mouse,id=x,port=2"}},
		{"serial port", "'/machine/peripheral/x' is at /machine/peripheral/v/virtio-backend/v.0 [nr=2], and here at /machine/peripheral/v/virtio-backend/v.0 [nr=1]",
			[]string{"-device", "virtio-serial-pci,id=v", "-device", "virtserialport,id=x,nr=2"},
			[]string{"-device", "virtio-serial-pci,id=v", "-device", "virtserialport,id=x,nr=1"}},
		{"capability", "Bad config data: i=0x9a read: 2 device: 1 cmask: ff wmask: 0 w1cmask:0",
			[]string{"-device", "virtio-rng-pci,id=x,vectors=3"}, []string{"-device", "virtio-rng-pci,id=x,vectors=2"}},
		{"processors", "Unknown section or instance 'qemu64-x86_64-cpu' 0. Make sure", []string{"-smp", "2"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			common := []string{"-machine", "q35", "-accel", "tcg", "-nodefaults", "-display", "none"}
			_, source := monitor(t, "source", append(common, tc.source...)...)
			target, waiting := monitor(t, "target", append(append(common, tc.here...), "-incoming", "defer")...)
			uri := "unix:" + filepath.Join(t.TempDir(), "stream")
			ask[dict](t, waiting, "migrate-incoming", dict{"uri": uri})
			ask[dict](t, source, "migrate", dict{"uri": uri})
			if s := await(t, source, "failed"); !strings.Contains(s.Error, tc.want) {
				t.Errorf("the source says %q, want %q", s.Error, tc.want)
			}
			if code, err := target.wait(); code != 1 || err != nil {
				t.Errorf("the destination ended with %d, %v", code, err)
			}
			if said := target.stderr.String(); !strings.Contains(said, "load of migration failed: Invalid argument: ") || !strings.Contains(said, tc.want) {
				t.Errorf("the destination says %q, want %q", said, tc.want)
			}
		})
	}
}

// TestMigrateNamedPipe has the source wait for whoever reads a named pipe, and
// serve its monitor meanwhile.
func TestMigrateNamedPipe(t *testing.T) {
	args := []string{"-machine", "q35", "-nodefaults", "-display", "none", "-device", "qemu-xhci,id=xhci"}
	_, source := monitor(t, "source", args...)
	_, target := monitor(t, "target", append(args, "-incoming", "defer")...)
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	uri := dict{"uri": "file:" + path}
	ask[dict](t, source, "migrate", uri)
	await(t, source, "setup")
	ask[dict](t, source, "migrate_cancel", nil)
	await(t, source, "cancelled")
	ask[dict](t, source, "migrate", uri)
	await(t, source, "setup")
	ask[dict](t, target, "migrate-incoming", uri)
	arrived(t, source, target)
}
