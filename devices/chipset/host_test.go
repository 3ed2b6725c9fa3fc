package chipset_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/acpi"
)

// The guest places configuration space in memory, and moves it.
func TestConfigMemory(t *testing.T) {
	r := newRig(t, "q35")
	defer r.finish()
	r.add("pcie-root-port", "addr", "7", "chassis", int64(1))
	r.start()
	read := func(at uint64) uint64 { v, _ := r.mem.ReadN(at, 4); return v }
	if v := read(0xb0000000); v != 0 {
		t.Errorf("0x%x before it was placed", v)
	}
	for _, base := range []uint64{0xb0000000, 0xe0000000} {
		r.out(r.config(0, 0, 0x60), 4, base|1)
		if a, b, c := read(base), read(base+0x38000), read(base+0x40000); a != 0x29c08086 || b != 0x000c1b36 || c != 0xffffffff {
			t.Errorf("at 0x%x: 0x%x, 0x%x, 0x%x", base, a, b, c)
		}
		if v := read(base + 0x38100); v != 0x14820001 {
			t.Errorf("extended capability 0x%x", v)
		}
	}
	r.reset()
	if v := read(0xe0000000); v != 0 {
		t.Errorf("0x%x after a reset", v)
	}
}

// The guest chooses memory or PCI for the areas below 1 MiB.
func TestAreas(t *testing.T) {
	for board, reg := range map[string]int{"q35": 0x90, "pc": 0x59} {
		r := newRig(t, board)
		r.start()
		r.out(r.config(0, 0, reg), 1, 0x30)
		r.out(r.config(0, 0, reg+1), 1, 0x13)
		for _, at := range []uint64{0xf0000, 0xc0000} {
			r.mem.WriteN(at, 4, 0x12345678)
			if v, _ := r.mem.ReadN(at, 4); v != 0x12345678 {
				t.Errorf("%s: 0x%x reads 0x%x", board, at, v)
			}
		}
		r.mem.WriteN(0xc4000, 4, 0x12345678) // read-only
		if v, _ := r.mem.ReadN(0xc4000, 4); v != 0 {
			t.Errorf("%s: read-only area reads 0x%x", board, v)
		}
		r.reset()
		if v, _ := r.mem.ReadN(0xf0000, 4); v == 0x12345678 {
			t.Errorf("%s: memory shows after a reset", board)
		}
		r.finish()
	}
}

// Power management answers where the guest, or its firmware, places it.
func TestPower(t *testing.T) {
	for _, c := range []struct {
		board      string
		devfn      int
		enable     int
		bit        uint64
		gpe        uint16
		pciHotplug uint16
	}{
		{"q35", 0xf8, 0x44, 0x80, 0x620, 0xcc0},
		{"pc", 0x0b, 0x80, 0x01, 0xafe0, 0xae00},
	} {
		r := newRig(t, c.board)
		r.start()
		if r.in(0x600, 2) != 0xffff || r.board.Tables().PM1Status != 0 {
			t.Errorf("%s: decodes before it was placed", c.board)
		}
		r.out(r.config(0, c.devfn, 0x40), 4, 0x601)
		r.out(r.config(0, c.devfn, c.enable), 1, c.bit)
		r.wantIn(0x600, 2, 1) // the timer's bit
		r.board.PressPowerButton()
		r.wantIn(0x600, 2, 1)
		r.out(0x602, 2, 0x100)
		interrupts := r.interrupts
		r.board.PressPowerButton()
		r.wantIn(0x600, 2, 0x101)
		if r.interrupts == interrupts {
			t.Errorf("%s: no interrupt", c.board)
		}
		r.out(0x600, 2, 0x101)
		r.wantIn(0x600, 2, 0)
		r.clock.now = 1e9
		r.wantIn(0x608, 4, 3579545)
		r.out(0x604, 2, 0x2000)
		r.out(0x604, 2, 0x2000|1<<10)
		r.out(0x604, 2, 0x2000|2<<10)
		r.out(0x604, 2, 0x2000|3<<10)
		if diff := cmp.Diff([]acpi.Sleep{acpi.SleepOff, acpi.SleepSuspend, acpi.SleepDisk}, r.sleeps); diff != "" {
			t.Errorf("%s: %s", c.board, diff)
		}
		r.reset()
		r.wantIn(0x600, 2, 0xffff)
		r.board.PlacePower()
		tables := r.board.Tables()
		if tables.PM1Status != 0x600 || tables.PM1Control != 0x604 || tables.GPEStatus != c.gpe || tables.PCIHotplug != c.pciHotplug || tables.PCIBuses == 0 && c.board == "pc" {
			t.Errorf("%s: tables %+v", c.board, tables)
		}
		r.wantIn(uint64(tables.GPEStatus), 1, 0)
		r.finish()
	}
}

// A guest resets the machine in three ways.
func TestResetPorts(t *testing.T) {
	for _, board := range []string{"q35", "pc"} {
		r := newRig(t, board)
		r.start()
		r.out(0xcf9, 1, 2)
		r.out(0x64, 1, 0x20)
		r.out(0x92, 1, 2)
		if r.resets != 0 {
			t.Errorf("%s: %d resets unasked", board, r.resets)
		}
		r.out(0xcf9, 1, 6)
		r.out(0x64, 1, 0xfe)
		r.out(0x92, 1, 1)
		if r.resets != 3 {
			t.Errorf("%s: %d resets, want 3", board, r.resets)
		}
		r.finish()
	}
}
