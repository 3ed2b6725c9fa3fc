package lifetime_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/qmp/qmptest"
)

// lateCounts are the counters that late accesses move.
type lateCounts struct {
	reads, writes uint64 // kept out by the gate of the device
	late          uint64 // by any gate
	unassigned    uint64 // found nothing
}

func (r *rig) counts(g *memory.Gate) (c lateCounts) {
	r.do(func() {
		c.reads, c.writes = g.Late()
		s := r.VM.Machine.Env().Memory.Stats()
		c.late, c.unassigned = s.Late, s.Unassigned
	})
	return c
}

// After unrealize began, every way to the device that somebody still has answers
// what the address answers to those who come anew, and the device is never
// entered. What each way answers, and which counter tells of it.
func TestLateAccess(t *testing.T) {
	const bar, port = 0xe0000000, 0xd000
	for _, tc := range []struct {
		name, driver string
		find         func(r *rig) *memory.Section // before the eject
		access       func(r *rig, s *memory.Section) answer
		before       answer // the same access while the device works
		want         answer
		counts       lateCounts
	}{
		{"look-up, read", "edu", findAt(bar+4, false),
			func(_ *rig, s *memory.Section) answer { return answerOf(s.ReadN(0, 4)) },
			answer{0, memory.OK}, answer{0, memory.DecodeError}, lateCounts{reads: 1, late: 1}},
		{"look-up, write", "edu", findAt(bar+4, false),
			func(_ *rig, s *memory.Section) answer { return answer{0, s.WriteN(0, 4, 5)} },
			answer{0, memory.OK}, answer{0, memory.DecodeError}, lateCounts{writes: 1, late: 1}},
		{"cached region, read", "qemu-xhci", findAt(bar, true),
			func(_ *rig, s *memory.Section) answer { return answerOf(s.ReadN(0, 1)) },
			answer{0x40, memory.OK}, answer{0, memory.DecodeError}, lateCounts{reads: 1, late: 1}},
		{"cached region, write", "qemu-xhci", findAt(bar+0x40, true),
			func(_ *rig, s *memory.Section) answer { return answer{0, s.WriteN(0, 4, 0)} },
			answer{0, memory.OK}, answer{0, memory.DecodeError}, lateCounts{writes: 1, late: 1}},
		{"port, read", "virtio-rng-pci", findAt(port|1<<63, false),
			func(_ *rig, s *memory.Section) answer { return answerOf(s.ReadN(0x12, 1)) },
			answer{0, memory.OK}, answer{0xff, memory.OK}, lateCounts{reads: 1, late: 1}},
		{"port, write", "virtio-rng-pci", findAt(port|1<<63, false),
			func(_ *rig, s *memory.Section) answer { return answer{0, s.WriteN(0x12, 1, 1)} },
			answer{0, memory.OK}, answer{0, memory.OK}, lateCounts{writes: 1, late: 1}},
		{"memory by address", "edu", nil,
			func(r *rig, _ *memory.Section) answer { return answerOf(r.VM.Machine.MemorySpace().ReadN(bar, 4)) },
			answer{0x010000ed, memory.OK}, answer{0, memory.DecodeError}, lateCounts{unassigned: 1}},
		{"port by address", "virtio-rng-pci", nil,
			func(r *rig, _ *memory.Section) answer { return answerOf(r.VM.Machine.IOSpace().ReadN(port+0x12, 1)) },
			answer{0, memory.OK}, answer{0xff, memory.OK}, lateCounts{}}, // ports without a device have callbacks
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, qmptest.PC(), qmptest.Object("rng-builtin,id=m0"))
			pairs := []any{"addr", "6"}
			if tc.driver == "virtio-rng-pci" {
				pairs = append(pairs, "rng", "m0")
			}
			r.add(tc.driver, "v", pairs...)
			if tc.driver == "virtio-rng-pci" {
				r.config(0, 6, 0x10, 4, port)
				r.config(0, 6, 0x04, 2, 7)
			} else {
				r.place(6, bar)
			}
			gate := r.gate("/machine/peripheral/v")
			if tc.driver == "qemu-xhci" {
				gate = r.gate("/machine/peripheral/v/xhci-core")
			}
			var s *memory.Section
			r.do(func() {
				if tc.find != nil {
					s = tc.find(r)
				}
				if got := tc.access(r, s); got != tc.before {
					t.Errorf("%+v while the device works, want %+v", got, tc.before)
				}
			})
			r.tick()
			r.del("v", "")
			r.eject(6)
			before := r.counts(gate)
			r.do(func() {
				if got := tc.access(r, s); got != tc.want {
					t.Errorf("late: %+v, want %+v", got, tc.want)
				}
			})
			after := r.counts(gate)
			moved := lateCounts{after.reads - before.reads, after.writes - before.writes, after.late - before.late, after.unassigned - before.unassigned}
			if moved != tc.counts {
				t.Errorf("counters moved by %+v, want %+v", moved, tc.counts)
			}
			if s != nil {
				r.wantEvents()
				r.do(s.Release)
			}
			if len(r.events()) == 0 {
				t.Error("the device's end is not told")
			}
		})
	}
}

// answer is what an access yields.
type answer struct {
	value uint64
	res   memory.Result
}

func answerOf(v uint64, res memory.Result) answer { return answer{v, res} }

// findAt looks an address up, one of ports if the highest bit is set.
func findAt(addr uint64, cache bool) func(*rig) *memory.Section {
	return func(r *rig) *memory.Section {
		space := r.VM.Machine.MemorySpace()
		if addr>>63 != 0 {
			space = r.VM.Machine.IOSpace()
		}
		find := memory.Find
		if cache {
			find = memory.NewCache
		}
		s, ok := find(space, addr&^(1<<63), 0x20, "test")
		if !ok {
			r.t.Fatalf("nothing at %#x", addr)
		}
		return s
	}
}

// A bounce buffer is written back by address: to nothing, once the device is
// gone, and to whatever has its address then.
func TestLateWriteBack(t *testing.T) {
	for _, successor := range []bool{false, true} {
		r := newRig(t, qmptest.PC(), qmptest.Device("edu,id=e,addr=6"))
		r.place(6, 0xe0000000)
		gate := r.gate("/machine/peripheral/e")
		var m *memory.Mapping
		r.do(func() {
			var err error
			if m, err = memory.DMAMap(r.VM.Machine.MemorySpace(), 0xe0000004, 4, memory.FromDevice, "test"); err != nil {
				t.Fatal(err)
			}
			m.WriteAt([]byte{1, 2, 3, 4}, 0)
		})
		r.tick()
		r.del("e", "")
		r.eject(6)
		if successor {
			r.add("edu", "f", "addr", "7")
			r.place(7, 0xe0000000)
		}
		before := r.counts(gate)
		r.do(func() { m.Unmap(4) })
		after := r.counts(gate)
		if after.late != before.late || after.reads+after.writes != before.reads+before.writes {
			t.Errorf("the old device was asked: %+v, %+v", before, after)
		}
		want := uint64(0)
		if successor {
			want = 0xfbfcfdfe // the register inverts
		} else if after.unassigned != before.unassigned+1 {
			t.Errorf("%d pieces found nothing, want 1", after.unassigned-before.unassigned)
		}
		if v, _ := r.read(0xe0000004, 4); v != want {
			t.Errorf("successor %v: the address reads %#x, want %#x", successor, v, want)
		}
		r.wantEvents("e /e")
	}
}

// The bytes of memory that is mapped in place stay until the mapping ends, though
// the device is gone.
func TestLateMemory(t *testing.T) {
	rom := filepath.Join(t.TempDir(), "rom")
	content := bytes.Repeat([]byte("rom!"), 512)
	if err := os.WriteFile(rom, content, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, qmptest.PC())
	r.add("e1000", "e", "addr", "6", "romfile", rom)
	r.config(0, 6, 0x30, 4, 0xe1000001)
	r.config(0, 6, 0x04, 2, 6)
	var m *memory.Mapping
	r.do(func() {
		var err error
		if m, err = memory.DMAMap(r.VM.Machine.MemorySpace(), 0xe1000000, 2048, memory.ToDevice, "test"); err != nil {
			t.Fatal(err)
		}
	})
	if m.Bounced() || m.Len() != 2048 {
		t.Fatalf("%d bytes mapped, bounced %v", m.Len(), m.Bounced())
	}
	r.tick()
	r.del("e", "")
	r.eject(6)
	r.wantEvents()
	got := make([]byte, 4)
	if _, err := m.ReadAt(got, 2044); err != nil || string(got) != "rom!" {
		t.Errorf("%q, %v", got, err)
	}
	r.do(func() { m.Unmap(0) })
	r.wantEvents("e /e")
}

// Configuration space of a function that left reads all ones, and so it does
// while somebody still holds it. Its messages go nowhere.
func TestLateConfigurationAndMessages(t *testing.T) {
	r := newRig(t, qmptest.PC(), qmptest.Device("qemu-xhci,id=x,addr=6"))
	r.place(6, 0xe0000000)
	fn := pci.From(r.object("/machine/peripheral/x"))
	const target = 0x3000
	at := 0
	r.do(func() { at = fn.FindCapability(0x11) })
	r.config(0, 6, at+2, 2, 0x8000)
	const table = 0xe0003000
	r.write(table, 4, target)
	r.write(table+8, 4, 0xabcd)
	r.write(table+12, 4, 0)
	r.do(func() { fn.NotifyMSIX(0) })
	if v, _ := r.read(target, 4); v != 0xabcd {
		t.Fatalf("the message did not arrive: %#x", v)
	}
	r.write(target, 4, 0)
	release := r.Hold("/machine/peripheral/x/xhci-core")
	if v := r.readConfig(0, 6, 0, 4); v != 0x000d1b36 {
		t.Fatalf("configuration space reads %#x", v)
	}
	r.tick()
	r.del("x", "")
	r.eject(6)
	for reg, want := range map[int]uint64{0: 0xffffffff, at: 0xffffffff} {
		if v := r.readConfig(0, 6, reg, 4); v != want {
			t.Errorf("register %#x reads %#x", reg, v)
		}
	}
	r.config(0, 6, 4, 2, 6)
	r.do(func() { fn.NotifyMSIX(0) })
	if v, _ := r.read(target, 4); v != 0 {
		t.Errorf("a message of a device that left arrived: %#x", v)
	}
	release()
	r.wantEvents("/x/xhci-core", "x /x")
}
