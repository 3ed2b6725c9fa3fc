package lifetime_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qmptest"
	"github.com/qomd/qomd/qom"
)

// A device that cannot be realized never announces its end; a child of it that
// was realized by then does, before the error. Nothing is left, and the id and
// the slot are free. Package qdev's TestRealizeFailure has the stages that need a
// model made for the purpose.
func TestAcceptance07RealizeFailure(t *testing.T) {
	rom := []any{"romfile", "/nonexistent"}
	for _, tc := range []struct {
		stage, driver string
		pairs         []any
		err           string
		events        []string
	}{
		{"property", "qemu-xhci", []any{"p2", "x"}, "Parameter 'p2' expects uint64", nil},
		{"address", "qemu-xhci", []any{"addr", "5"}, "PCI: slot 5 function 0 not available for qemu-xhci, in use by e1000,id=taken", nil},
		{"before the child", "virtio-blk-pci", nil, "drive property not set", nil},
		{"before the child, ROM", "qemu-xhci", []any{"romsize", 3}, "ROM size 3 is not a power of two", nil},
		{"after the child", "qemu-xhci", rom, `failed to find romfile "/nonexistent"`, []string{"/f/xhci-core"}},
		{"after the child, virtio", "virtio-net-pci", rom, `failed to find romfile "/nonexistent"`, []string{"/f/virtio-backend"}},
		{"after the child, virtio with a bus", "virtio-serial-pci", rom, `failed to find romfile "/nonexistent"`, []string{"/f/virtio-backend"}},
		{"without a child", "e1000", rom, `failed to find romfile "/nonexistent"`, nil},
	} {
		for _, rule := range []string{"storage-ref", "aggregate", "classic"} {
			t.Run(tc.stage+" "+rule, func(t *testing.T) {
				r := newRig(t, qmptest.PC(), qmptest.Lifetime(rule), qmptest.Device("e1000,id=taken,addr=5"))
				live := r.live()
				got := r.c.MustFail("device_add", args(tc.driver, "f", tc.pairs))
				if got != tc.err {
					t.Errorf("device_add: %s, want %s", got, tc.err)
				}
				r.wantEvents(tc.events...)
				if n := r.live(); n != live {
					t.Errorf("%d storages, %d before", n, live)
				}
				r.Check()
				r.add("edu", "f", "addr", "6")
			})
		}
	}
}

func (r *rig) live() (n int) {
	r.do(func() { n = r.VM.Machine.Tree().Live() })
	return n
}

// Unrealized by property, a device stays in the tree and answers like empty
// space. One that cannot be realized twice says so, where QEMU aborts.
func TestUnrealizeByProperty(t *testing.T) {
	r := newRig(t, qmptest.PC(), qmptest.Device("qemu-xhci,id=x,addr=6"))
	r.place(6, 0xe0000000)
	if v, _ := r.read(0xe0000000, 1); v != 0x40 {
		t.Fatalf("the capability register reads %#x", v)
	}
	set := qmptest.A{"path": "/machine/peripheral/x", "property": "realized", "value": false}
	r.c.Must("qom-set", set)
	r.wantEvents()
	if v, _ := r.read(0xe0000000, 4); v != 0 {
		t.Errorf("the capability register reads %#x", v)
	}
	if v := r.readConfig(0, 6, 0, 4); v != 0xffffffff {
		t.Errorf("configuration space reads %#x", v)
	}
	set["value"] = true
	if got := r.c.MustFail("qom-set", set); got != "device 'x' cannot be realized a second time" {
		t.Errorf("qom-set: %s", got)
	}
	r.del("x", busy("x"))
	if text := r.refs(); !strings.HasSuffix(text, "): unrealized, but not taken out of the tree\n") {
		t.Errorf("info refs:\n%s", text)
	}
	r.Check()
}

// Introspection makes objects that never get a parent nor a realize; whatever
// their type, nothing of them stays.
func TestIntrospection(t *testing.T) {
	for _, rule := range []string{"storage-ref", "aggregate", "classic", "qemu-7.2"} {
		t.Run(rule, func(t *testing.T) {
			r := newRig(t, qmptest.PC(), qmptest.Lifetime(rule))
			live := r.live()
			var types []struct{ Name string }
			r.c.Must("qom-list-types", qmptest.A{"implements": "pci-device", "abstract": false}, &types)
			for _, typ := range types {
				var list []json.RawMessage
				r.c.Must("device-list-properties", qmptest.A{"typename": typ.Name}, &list)
				r.do(func() {
					o, err := r.VM.Machine.Tree().New(typ.Name)
					if err != nil {
						t.Fatal(err)
					}
					o.Unref()
				})
			}
			if n := r.live(); n != live || len(types) < 50 {
				t.Errorf("%d storages after %d types, %d before", n, len(types), live)
			}
			r.Check()
			r.wantEvents()
		})
	}
}

// A link's target that the user deletes lives on without a path as long as the
// link does; the link reads as empty, and a new object of that name is another.
func TestLinkTargetDeleted(t *testing.T) {
	r := newRig(t, qmptest.PC(), qmptest.Object("rng-builtin,id=rng0"), qmptest.Device("virtio-rng-pci,id=v,rng=rng0,addr=6"))
	link := func() (path string) {
		r.c.Must("qom-get", qmptest.A{"path": "/machine/peripheral/v", "property": "rng"}, &path)
		return path
	}
	if got := link(); got != "/objects/rng0" {
		t.Fatalf("link is %q", got)
	}
	old := r.storage("/objects/rng0")
	r.c.Must("object-del", qmptest.A{"id": "rng0"})
	if got := link(); got != "" || old.Freed() {
		t.Errorf("link is %q, freed %v", got, old.Freed())
	}
	r.c.Must("object-add", qmptest.A{"qom-type": "rng-builtin", "id": "rng0"})
	if got := link(); got != "" {
		t.Errorf("link is %q to the new object", got)
	}
	r.tick()
	r.del("v", "")
	r.eject(6)
	r.wantEvents("/v/virtio-backend", "v /v")
	if !old.Freed() {
		t.Error("the old backend stays when nobody links to it")
	}
	if diff := cmp.Diff(qom.Live, r.object("/objects/rng0").Phase()); diff != "" {
		t.Error(diff)
	}
}

// What leaves while a watch is on is told of: storage that drains for too long
// by virtual time, which a stopped machine does not spend, and storage's end.
func TestWatch(t *testing.T) {
	r := newRig(t, qmptest.PC(), qmptest.Device("edu,id=e,addr=6"), qmptest.Device("edu,id=quick,addr=7"))
	r.c.Must("x-lifetime-watch", qmptest.A{"draining-after": 2.5, "freed": true})
	release := r.Hold("/machine/peripheral/e")
	r.tick()
	for _, id := range []string{"e", "quick"} {
		r.del(id, "")
	}
	r.eject(6)
	r.eject(7)
	r.wantEvents("quick /quick", "X_STORAGE_FREED")
	r.Step(2 * time.Second)
	r.wantEvents()
	r.c.Must("stop", nil)
	r.c.Must("cont", nil)
	r.Step(time.Second)
	ev := r.c.Events()
	last := ev[len(ev)-1]
	if last.Name != "X_STORAGE_DRAINING" || last.Member("path") != "/machine/peripheral/e" || last.Member("type") != "edu" {
		t.Errorf("events %v", ev)
	}
	r.Step(time.Hour)
	r.wantEvents() // once
	r.c.Must("x-lifetime-watch", qmptest.A{"draining-after": 0})
	release()
	r.wantEvents("e /e", "X_STORAGE_FREED")
	if got := r.c.MustFail("x-lifetime-watch", qmptest.A{"draining-after": -1}); got != "Parameter 'draining-after' expects a value between 0 and 3153600000" {
		t.Errorf("x-lifetime-watch: %s", got)
	}
}
