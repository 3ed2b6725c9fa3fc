// The acceptance list of the design, item by item:
//
//	 1  the two traces, all counters at every line   qom: TestAcceptance01TwoTraces
//	 2  the mutants are caught                       qom/verify
//	 3  a request in flight into an ejected BAR      TestAcceptance03Seed, TestAcceptance03Rules;
//	                                                 cmd/qomd-system-x86_64: TestAcceptance03SeedTranscripts
//	 4  order of events                              TestAcceptance04EventOrder
//	 5  repeated requests against the clock          TestAcceptance05RepeatedRequest
//	 6  reset with a pending request                 TestAcceptance06Reset
//	 7  realize failure with an embedded child       TestAcceptance07RealizeFailure
//	 8  the same id again while the old one drains   TestAcceptance08Replug
//	 9  what users are told                          TestAcceptance09Texts
//	10  the bridge that leaks                        TestAcceptance10BridgeLeak
//	11  random programs leave nothing                TestAcceptance11RandomPrograms
//	12  the same with the reclaimer stalled, stepped TestAcceptance12Reclaimer, and all with -race
package lifetime_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qmptest"
	"github.com/qomd/qomd/qom"
)

// A request is in flight whose data buffer is BAR 0 of a device that is ejected.
// Nothing is told until the request ends; the ledger names the mapping, and
// nobody else.
func TestAcceptance03Seed(t *testing.T) {
	for _, tc := range []struct {
		victim, owner string
		holders       []string
		events        []string
	}{
		{"edu", "victim", []string{"dma-map: virtio-blk vb, request 1, 512 bytes at 0xe0000000"}, []string{"victim /victim"}},
		{"qemu-xhci", "victim/xhci-core", []string{
			// The registers are several regions; a mapping ends where one does.
			"dma-map: virtio-blk vb, request 1, 448 bytes at 0xe0000040",
			"dma-map: virtio-blk vb, request 1, 64 bytes at 0xe0000000",
		}, []string{"/victim/xhci-core", "victim /victim"}},
	} {
		t.Run(tc.victim, func(t *testing.T) {
			r := newRig(t, qmptest.PC(), slow(), qmptest.Device("virtio-blk-pci,id=vb,drive=slow,addr=5"),
				qmptest.Device(tc.victim+",id=victim,addr=6"))
			r.place(6, 0xe0000000)
			storage, owner := r.storage("/machine/peripheral/victim"), r.object("/machine/peripheral/"+tc.owner)
			status := r.newDisk(5).request(0xe0000000)
			r.tick()
			r.del("victim", "")
			r.eject(6)
			r.wantEvents()
			r.Check()
			r.do(func() {
				if diff := cmp.Diff(tc.holders, holders(owner)); diff != "" {
					t.Errorf("holders (-want +got):\n%s", diff)
				}
				if storage.Freed() || owner.Phase() != qom.Live {
					t.Errorf("freed %v, the BAR's owner is %s", storage.Freed(), owner.Phase())
				}
			})
			if v, _ := r.read(0xe0000000, 4); v != 0 {
				t.Errorf("the BAR reads %#x after the eject", v)
			}
			r.Step(1990 * time.Millisecond)
			r.wantEvents()
			if v, _ := r.read(status, 1); v != 0xee {
				t.Errorf("status %#x before the latency is over", v)
			}
			r.Step(20 * time.Millisecond)
			r.wantEvents(tc.events...)
			if v, _ := r.read(status, 1); v != 0 {
				t.Errorf("status %#x", v)
			}
			if !storage.Freed() || !strings.HasPrefix(storage.LastHolder(), "dma-map virtio-blk vb, request 1") {
				t.Errorf("freed %v, last holder %q", storage.Freed(), storage.LastHolder())
			}
		})
	}
}

// The same under the other rules: what is told, and when; which rules are
// broken; and what is left.
func TestAcceptance03Rules(t *testing.T) {
	const core, device = "/victim/xhci-core", "victim /victim"
	for _, tc := range []struct {
		rule           string
		eject, unmap   []string
		broken         []qom.ViolationKind
		freed          bool // in the end
		finalizedEarly bool // the core's host, while the core is held
	}{
		{"storage-ref", nil, []string{core, device}, nil, true, true},
		{"aggregate", nil, []string{core, device}, nil, true, false},
		{"storage-ref+pci-xhci:aggregate", nil, []string{core, device}, nil, true, false},
		{"classic", []string{device}, []string{"X_LIFETIME_VIOLATION", "X_LIFETIME_VIOLATION"},
			[]qom.ViolationKind{qom.ViolationUseAfterFree, qom.ViolationUseAfterFree}, true, true},
		{"qemu-7.2", nil, nil, nil, false, false},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			r := newRig(t, qmptest.PC(), slow(), qmptest.Lifetime(tc.rule), qmptest.ExpectViolations(),
				qmptest.Device("virtio-blk-pci,id=vb,drive=slow,addr=5"), qmptest.Device("qemu-xhci,id=victim,addr=6"))
			r.place(6, 0xe0000000)
			host := r.object("/machine/peripheral/victim")
			storage := host.Storage()
			r.newDisk(5).request(0xe0000000)
			r.tick()
			r.del("victim", "")
			r.eject(6)
			r.wantEvents(tc.eject...)
			r.Check()
			if early := host.Phase() >= qom.Finalized; early != tc.finalizedEarly {
				t.Errorf("the controller is %s while its core is held", host.Phase())
			}
			r.Step(3 * time.Second)
			r.wantEvents(tc.unmap...)
			r.Check()
			var kinds []qom.ViolationKind
			for _, v := range r.Violations() {
				kinds = append(kinds, v.Kind)
				if !strings.Contains(v.Text, "dma-map") || v.Site == "" || v.Earlier == "" {
					t.Errorf("%v", v)
				}
			}
			if !slices.Equal(kinds, tc.broken) {
				t.Errorf("broken rules %v, want %v", kinds, tc.broken)
			}
			if storage.Freed() != tc.freed {
				t.Errorf("storage freed: %v", storage.Freed())
			}
			if !tc.freed && !strings.Contains(r.refs(), "it will never be freed") {
				t.Errorf("info refs:\n%s", r.refs())
			}
		})
	}
}

// A tree of USB devices goes newest first, a hub with what is plugged into it,
// then the embedded core, then the controller; a device without id is named by
// its path alone.
func TestAcceptance04EventOrder(t *testing.T) {
	r := newRig(t, qmptest.PC(), qmptest.Args("-chardev", "null,id=c0"))
	r.add("qemu-xhci", "x1", "addr", "6", "p2", 8, "p3", 8)
	r.add("usb-mouse", "mm0", "bus", "x1.0", "port", "1")
	r.add("usb-mouse", "mm1", "bus", "x1.0", "port", "2")
	r.add("usb-kbd", "", "bus", "x1.0", "port", "3")
	r.add("usb-hub", "hub1", "bus", "x1.0", "port", "4")
	r.add("usb-tablet", "tab", "bus", "x1.0", "port", "4.1")
	r.tick()
	r.del("x1", "")
	r.wantEvents()
	r.eject(6)
	r.wantEvents("tab /tab", "hub1 /hub1", "-anon/device[0]", "mm1 /mm1", "mm0 /mm0", "/x1/xhci-core", "x1 /x1")

	r.add("qemu-xhci", "x1", "addr", "6", "p2", 8, "p3", 8)
	r.add("usb-hub", "hub1", "bus", "x1.0", "port", "4")
	r.add("usb-tablet", "", "bus", "x1.0", "port", "4.2")
	r.add("usb-tablet", "tab", "bus", "x1.0", "port", "4.1")
	r.del("hub1", "")
	r.wantEvents("tab /tab", "-anon/device[1]", "hub1 /hub1")

	r.add("virtio-serial-pci", "vs", "addr", "7")
	r.add("virtserialport", "p1", "bus", "vs.0", "chardev", "c0")
	r.add("virtserialport", "", "bus", "vs.0")
	r.del("vs", "")
	r.eject(7)
	ev := r.events()
	if len(ev) != 4 || ev[2] != "/vs/virtio-backend" || ev[3] != "vs /vs" || !slices.Contains(ev[:2], "p1 /p1") {
		t.Errorf("events %q", ev)
	}
	r.add("pci-serial", "ps", "addr", "8")
	r.del("ps", "")
	r.eject(8)
	r.wantEvents("/ps/serial", "ps /ps")
}

// The slot is free as soon as a device is ejected. Its id is too where QEMU's rule
// holds; by the rule of the patches it stays taken until DEVICE_DELETED, as
// QEMU's documentation promises. Generations tell the two devices apart.
func TestAcceptance08Replug(t *testing.T) {
	for rule, sameID := range map[string]bool{"storage-ref": false, "aggregate": false, "classic": true} {
		t.Run(rule, func(t *testing.T) {
			r := newRig(t, qmptest.PC(), qmptest.Lifetime(rule))
			r.c.Must("x-lifetime-watch", qmptest.A{"freed": true})
			r.add("edu", "e", "addr", "6")
			first := r.storage("/machine/peripheral/e").Generation()
			release := r.Hold("/machine/peripheral/e")
			r.tick()
			r.del("e", "")
			r.eject(6)
			r.wantEvents()
			again := "e"
			if !sameID {
				if got := r.c.MustFail("device_add", qmptest.A{"driver": "edu", "id": "e", "addr": "6"}); got != "Duplicate device ID 'e'" {
					t.Errorf("device_add: %s", got)
				}
				again = "f"
			}
			r.add("edu", again, "addr", "6")
			second := r.storage("/machine/peripheral/" + again).Generation()
			if first >= second {
				t.Errorf("generations %d and %d", first, second)
			}
			var list []struct{ Generation uint64 }
			r.c.Must("x-query-draining", nil, &list)
			if len(list) != 1 || list[0].Generation != first {
				t.Errorf("draining %+v, want generation %d", list, first)
			}
			release()
			// In QEMU this event names the device that is there: which one it is
			// about only the generation says.
			var generation float64
			var names []string
			for _, e := range r.c.Events() {
				names = append(names, e.Name+" "+e.Member("device"))
				if e.Name == "X_STORAGE_FREED" {
					generation = number(t, e, "generation")
				}
			}
			if diff := cmp.Diff([]string{"DEVICE_DELETED e", "X_STORAGE_FREED "}, names); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if uint64(generation) != first {
				t.Errorf("generation %v is freed, want %d", generation, first)
			}
			r.object("/machine/peripheral/" + again)
		})
	}
}

// i82801b11-bridge forgets to take its windows out of the bus above, and is held
// by them for ever: its event never comes, and the ledger says why.
func TestAcceptance10BridgeLeak(t *testing.T) {
	r := newRig(t, qmptest.PC(), qmptest.ExpectViolations())
	r.add("i82801b11-bridge", "br", "addr", "6")
	r.tick()
	r.del("br", "")
	r.eject(6)
	r.Step(time.Hour)
	r.wantEvents()
	if text := r.refs(); !strings.Contains(text, "i82801b11-bridge is held by\n") ||
		!strings.Contains(text, "subregion: pci_bridge_mem in container pci") ||
		!strings.Contains(text, "subregion: pci_bridge_pref_mem in container pci") ||
		!strings.Contains(text, "subregion: pci_bridge_io in container") {
		t.Errorf("info refs:\n%s", text)
	}
}
