package devices_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qmptest"
)

// attempt is one device_add of a type that can be hot-plugged, on the machine of
// [plugMachine], and what QEMU 11.1.3 said: nothing when the device was there.
type attempt struct {
	Args  qmptest.A
	Error string
	Crash bool // QEMU ended
}

// stays are types that in QEMU, and so here, never go once they were there.
var stays = map[string]string{
	"i82801b11-bridge": "it forgets to undo its windows, which hold it",
	"virtio-pmem-pci":  "device_del refuses",
}

func (a attempt) driver() string { return a.Args["driver"].(string) }

func attempts(t *testing.T) []attempt {
	t.Helper()
	f, err := os.Open("testdata/plug.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []attempt
	for s := bufio.NewScanner(z); s.Scan(); {
		var a attempt
		if err := json.Unmarshal(s.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		if stays[a.driver()] == "" {
			list = append(list, a)
		}
	}
	return list
}

// plugMachine has a bus and a backend for every type. Its ports are on the last
// of the root buses, which the arguments may add to.
func plugMachine(t *testing.T, roots ...string) (*qmptest.Machine, *qmptest.Client) {
	t.Helper()
	m := qmptest.Start(t, qmptest.GuestLinux(), qmptest.Args("-machine", "q35", "-nodefaults",
		"-m", "128M,slots=8,maxmem=4G", "-smp", "1,maxcpus=4"), qmptest.Args(roots...), qmptest.Args(
		"-device", "pcie-root-port,id=rp0,chassis=1", "-device", "pcie-root-port,id=rp1,chassis=2",
		"-device", "pcie-root-port,id=rp2,chassis=3", "-device", "pcie-root-port,id=rp3,chassis=4",
		"-device", "qemu-xhci,id=xhci,bus=rp1", "-device", "virtio-scsi-pci,id=scsi,bus=rp2",
		"-device", "virtio-serial-pci,id=serial,bus=rp3", "-device", "usb-ccid,id=ccid",
		"-chardev", "null,id=chr", "-netdev", "hubport,id=net,hubid=0",
		"-blockdev", "driver=null-co,node-name=disk,size=1048576", "-object", "memory-backend-ram,id=mem,size=128M",
		"-object", "cryptodev-backend-builtin,id=crypto", "-audiodev", "none,id=audio"))
	return m, m.Client()
}

// unlike says for which types the outcome is not QEMU's, and why.
func unlike(a attempt) string {
	if a.Crash {
		return "QEMU fails an assertion"
	}
	return ""
}

// Every type that can be hot-plugged is there, or is refused, as in QEMU and
// with QEMU's words; and goes when it is asked to.
func TestPlugEveryType(t *testing.T) {
	m, c := plugMachine(t)
	plugAll(t, m, c, attempts(t))
}

// So do all of PCI behind a port of an expander, whose slots serve themselves.
func TestPlugEveryTypeBehindExpander(t *testing.T) {
	m, c := plugMachine(t, "-device", "pxb-pcie,id=x,bus_nr=64")
	list := slices.DeleteFunc(attempts(t), func(a attempt) bool { return a.Args["bus"] == nil })
	plugAll(t, m, c, list)
}

func plugAll(t *testing.T, m *qmptest.Machine, c *qmptest.Client, list []attempt) {
	same := 0
	for _, a := range list {
		text := plug(t, c, a)
		why := unlike(a)
		switch {
		case text == a.Error && why == "":
			same++
		case text == a.Error && !a.Crash:
			t.Errorf("%s: listed as unlike QEMU, and is not", a.driver())
		case why == "":
			t.Errorf("%s: %q, QEMU says %q", a.driver(), text, a.Error)
		}
		if text == "" {
			unplug(t, c, a)
		}
	}
	none(t, m)
	t.Logf("%d of %d types as in QEMU", same, len(list))
}

// All types that QEMU lets come and go do so in any order, time and again, and
// leave nothing behind. Each has its turn before one has its second.
func TestPlugAtRandom(t *testing.T) {
	times := 1000
	if testing.Short() {
		times = 100
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	m, c := plugMachine(t)
	var able []attempt
	for _, a := range attempts(t) {
		if a.Error == "" && !a.Crash {
			able = append(able, a)
		}
	}
	// Each in its own place, several at a time; a place is a bus with room for
	// one, or a backend with one user.
	there := map[string]attempt{}
	ids := 0
	var deck []attempt
	for n := 0; n < times; {
		if len(deck) == 0 {
			deck = slices.Clone(able)
			r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		a := deck[0]
		if old, ok := there[place(a)]; ok {
			unplug(t, c, old)
			delete(there, place(a))
			n++
		}
		deck = deck[1:]
		a.Args = maps.Clone(a.Args)
		a.Args["id"] = fmt.Sprintf("d%d", ids)
		ids++
		if strings.HasPrefix(a.driver(), "ccid-card") {
			a.Args["bus"] = "ccid.0" // another reader may be there, and go with its card
		}
		if text := plug(t, c, a); text != "" {
			t.Fatalf("%s (seed %d, number %d): %s", a.driver(), seed, n, text)
		}
		if a.driver() == "usb-hub" { // others would find room on it, and go with it
			unplug(t, c, a)
			n++
			continue
		}
		there[place(a)] = a
		if r.IntN(16) == 0 {
			m.Check()
		}
	}
	for _, p := range slices.Sorted(maps.Keys(there)) {
		unplug(t, c, there[p])
	}
	none(t, m)
	t.Logf("%d types came and went %d times", len(able), times)
}

// place is where a device goes, as far as two cannot be there at once.
func place(a attempt) string {
	for _, name := range []string{"bus", "drive", "chardev", "memdev", "cryptodev", "netdev"} {
		if a.Args[name] != nil && name != "bus" {
			return "backends"
		}
	}
	if bus := a.Args["bus"]; bus != nil {
		return "backends" // several types there have one as well
	}
	return "others"
}

// plug adds a device and returns QEMU's error, empty for none.
func plug(t *testing.T, c *qmptest.Client, a attempt) string {
	t.Helper()
	_, err := c.Execute("device_add", a.Args)
	var refused *qmp.Error
	switch {
	case errors.As(err, &refused):
		return refused.Desc
	case err != nil:
		t.Fatalf("%s: %v", a.driver(), err)
	}
	return ""
}

// unplug asks a device to go, and waits until it has gone.
func unplug(t *testing.T, c *qmptest.Client, a attempt) {
	t.Helper()
	id := a.Args["id"].(string)
	if _, err := c.Execute("device_del", qmptest.A{"id": id}); err != nil {
		t.Fatalf("%s: device_del: %v", a.driver(), err)
	}
	for {
		if e := c.Await("DEVICE_DELETED"); e.Member("device") == id {
			return
		}
	}
}

// none fails the test when a storage drains. Violations and broken invariants
// fail it by themselves.
func none(t *testing.T, m *qmptest.Machine) {
	t.Helper()
	m.VM.Machine.Do(func() {
		for _, s := range m.VM.Machine.Tree().Draining() {
			t.Errorf("%s of %s drains", s.TypeName(), s.FormerPath())
		}
	})
	m.Check()
}
