package memory

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// How accesses are cut to what the region says is valid and implemented.
func TestRules(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rules Rules
		addr  uint64
		size  int
		want  []string // calls
		val   uint64
		res   Result
	}{
		{"default byte", Rules{}, 1, 1, []string{"r1 1"}, 0x01, OK},
		{"default quad is cut in two", Rules{}, 0, 8, []string{"r0 4", "r4 4"}, 0x0706050403020100, OK},
		{"quad", Rules{Valid: Access{Min: 1, Max: 8}, Impl: Access{Max: 8}}, 0, 8, []string{"r0 8"}, 0x0706050403020100, OK},
		{"quad of two words", Rules{Valid: Access{Min: 1, Max: 8}}, 8, 8, []string{"r8 4", "rc 4"}, 0x0f0e0d0c0b0a0908, OK},
		{"bytes only", Rules{Impl: Access{Max: 1}}, 4, 4, []string{"r4 1", "r5 1", "r6 1", "r7 1"}, 0x07060504, OK},
		{"widened", Rules{Impl: Access{Min: 4}}, 4, 1, []string{"r4 4"}, 0x04, OK},
		{"too small", Rules{Valid: Access{Min: 4, Max: 4}}, 0, 2, nil, 0, DecodeError},
		{"misaligned is cut to aligned pieces", Rules{}, 1, 4, []string{"r1 1", "r2 2", "r4 1"}, 0x04030201, OK},
		{"misaligned pieces are too small", Rules{Valid: Access{Min: 4, Max: 4}}, 2, 4, nil, 0, DecodeError},
		{"unaligned", Rules{Valid: Access{Min: 1, Max: 4, Unaligned: true}, Impl: Access{Unaligned: true}}, 1, 4, []string{"r1 4"}, 0x04030201, OK},
		{"refused", Rules{Accepts: func(addr uint64, size int, write bool) bool { return addr != 8 }}, 8, 4, nil, 0, DecodeError},
		{"three bytes", Rules{}, 0, 3, []string{"r0 2", "r2 1"}, 0x020100, OK},
		{"over the end", Rules{}, 14, 4, []string{"re 2"}, 0x0f0e, DecodeError},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMachine(t)
			var r Region
			var calls []string
			r.InitIO(m.System, nil, Funcs{
				OnRead: func(addr uint64, size int) uint64 {
					calls = append(calls, fmt.Sprintf("r%x %d", addr, size))
					return 0x0706050403020100 + 0x0101010101010101*addr
				},
				OnWrite: func(addr uint64, size int, val uint64) {
					calls = append(calls, fmt.Sprintf("r%x %d", addr, size))
					want := (0x0706050403020100 + 0x0101010101010101*addr) & ones(min(size, tc.size))
					if val != want {
						t.Errorf("write of %d bytes at %#x got %#x, want %#x", size, addr, val, want)
					}
				},
			}, "r", 16)
			r.SetRules(&tc.rules)
			m.mem.AddSubregion(0x100, &r)
			val, res := m.memory.ReadN(0x100+tc.addr, tc.size)
			if val&ones(tc.size) != tc.val || res != tc.res {
				t.Errorf("read %#x, %d, want %#x, %d", val, res, tc.val, tc.res)
			}
			if diff := cmp.Diff(tc.want, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			calls = nil
			full := 0x0706050403020100 + 0x0101010101010101*tc.addr
			if res := m.memory.WriteN(0x100+tc.addr, tc.size, full); res != tc.res {
				t.Errorf("write: %d, want %d", res, tc.res)
			}
			if diff := cmp.Diff(tc.want, calls); diff != "" {
				t.Errorf("calls for writing (-want +got):\n%s", diff)
			}
			m.finish()
		})
	}
}

func TestUnassigned(t *testing.T) {
	m := newMachine(t)
	for _, tc := range []struct {
		as   *AddressSpace
		addr uint64
		val  uint64
		res  Result
	}{
		{m.memory, 0x1234, 0, DecodeError},
		{m.memory, 1<<64 - 2, 0, DecodeError}, // goes round
		{m.ports, 0x80, 0xffffffff, OK},
		{m.ports, 0xfffc, 0xffffffff, OK},
		{m.ports, 1 << 32, 0xffffffff, OK},
	} {
		if v, res := tc.as.ReadN(tc.addr, 4); v != tc.val || res != tc.res {
			t.Errorf("%s %#x: read %#x, %d", tc.as.Name(), tc.addr, v, res)
		}
		if res := tc.as.WriteN(tc.addr, 4, 1); res != tc.res {
			t.Errorf("%s %#x: write %d", tc.as.Name(), tc.addr, res)
		}
	}
	m.finish()
}

// Ports are accessed as a whole, in the region of the first. The values are
// those of a q35 of QEMU 11.1, with the DMA page registers 0x81 and 0x82 set to
// 0x12 and 0x34.
func TestPorts(t *testing.T) {
	m := newMachine(t)
	var debug, page, fw Region
	debug.InitIO(m.System, nil, Funcs{OnRead: func(uint64, int) uint64 { return ^uint64(0) }}, "ioport80", 1)
	pages := []byte{0x12, 0x34, 0}
	page.InitIO(m.System, nil, Funcs{OnRead: func(addr uint64, _ int) uint64 {
		if addr < uint64(len(pages)) {
			return uint64(pages[addr])
		}
		return 0xff
	}, OnWrite: func(addr uint64, _ int, val uint64) {
		if addr < uint64(len(pages)) {
			pages[addr] = byte(val)
		}
	}}, "dma-page", 3)
	page.SetRules(&Rules{Valid: Access{Min: 1, Max: 4, Unaligned: true}, Impl: Access{Max: 1, Unaligned: true}})
	fw.InitIO(m.System, nil, Funcs{OnRead: func(addr uint64, _ int) uint64 { return uint64("QEMU"[addr]) }}, "fwcfg", 2)
	fw.SetRules(&Rules{Accepts: func(_ uint64, size int, write bool) bool { return size == 1 }})
	m.io.AddSubregion(0x80, &debug)
	m.io.AddSubregion(0x81, &page)
	m.io.AddSubregion(0x510, &fw)
	for _, tc := range []struct {
		addr uint64
		size int
		want uint64
	}{
		{0x80, 1, 0xff}, {0x80, 2, 0xffff}, {0x80, 4, 0xffffffff}, {0x81, 1, 0x12}, {0x84, 4, 0xffffffff}, {0x82, 2, 0x0034},
		{0x81, 2, 0x3412}, {0x83, 2, 0xff00}, {0x510, 4, 0}, {0x510, 2, 0}, {0x510, 1, 'Q'}, {0x511, 1, 'E'},
		{0xffff, 4, 0}, {0xfffe, 4, 0}, {0xffff, 2, 0}, {0x6f, 2, 0}, {0x5e, 4, 0},
	} {
		if v, _ := m.ports.ReadN(tc.addr, tc.size); v != tc.want {
			t.Errorf("%d bytes at %#x: %#x, want %#x", tc.size, tc.addr, v, tc.want)
		}
	}
	if res := m.ports.WriteN(0x80, 4, 0x11223344); res != OK || pages[0] != 0x12 {
		t.Errorf("write over the end of a region: %d, %#x", res, pages)
	}
	if res := m.ports.WriteN(0x82, 2, 0x5678); res != OK || pages[1] != 0x78 || pages[2] != 0x56 {
		t.Errorf("write: %d, %#x", res, pages)
	}
	m.finish()
}

func TestLoadAndStore(t *testing.T) {
	m := newMachine(t)
	var ram, rom Region
	ram.InitRAM(m.System, nil, "ram", 0x1000)
	rom.InitROM(m.System, nil, "rom", 0x1000)
	m.mem.AddSubregion(0, &ram)
	m.mem.AddSubregion(0x1000, &rom)
	for _, tc := range []struct {
		addr   uint64
		stored Result
		want   uint64
		loaded Result
	}{
		{0x10, OK, 0x12345678, OK}, {0x11, OK, 0x12345678, OK}, {0xffe, DecodeError, 0, DecodeError},
		{0x1000, DecodeError, 0, OK}, {0x3000, DecodeError, 0, DecodeError},
	} {
		if res := m.memory.Store(tc.addr, 4, 0x12345678); res != tc.stored {
			t.Errorf("store at %#x: %d, want %d", tc.addr, res, tc.stored)
		}
		if v, res := m.memory.Load(tc.addr, 4); v != tc.want || res != tc.loaded {
			t.Errorf("load at %#x: %#x, %d, want %#x, %d", tc.addr, v, res, tc.want, tc.loaded)
		}
	}
	m.finish()
}

func TestRAM(t *testing.T) {
	m := newMachine(t)
	var ram, rom, big Region
	ram.InitRAM(m.System, nil, "ram", 128<<20)
	rom.InitROM(m.System, nil, "rom", 0x2000)
	big.InitRAM(m.System, nil, "big", 1<<40)
	m.mem.AddSubregion(0, &ram)
	m.mem.AddSubregion(0xfffe0000, &rom)
	m.mem.AddSubregion(1<<40, &big)
	as := m.memory

	if v, res := as.ReadN(0x1234, 8); v != 0 || res != OK || ram.Resident() != 0 {
		t.Errorf("untouched: %#x, %d, %d bytes", v, res, ram.Resident())
	}
	as.Write(0x5000, make([]byte, 0x10000))
	if ram.Resident() != 0 {
		t.Error("zeros took up memory")
	}
	pattern := bytes.Repeat([]byte("0123456789abcdef"), 0x300)
	for _, at := range []uint64{0xff8, 128<<20 - 0x3000, 1 << 40, 2<<40 - 0x3000} {
		if res := as.Write(at, pattern); res != OK {
			t.Errorf("write at %#x: %d", at, res)
		}
		got := make([]byte, len(pattern))
		if res := as.Read(at, got); res != OK || !bytes.Equal(got, pattern) {
			t.Errorf("read at %#x: %d, differs", at, res)
		}
	}
	if v, res := as.ReadN(0x1000-2, 4); v != 0x39383736 || res != OK {
		t.Errorf("across a page: %#x, %d", v, res)
	}
	if n := ram.Resident(); n != 7*pageSize {
		t.Errorf("%d pages resident", n/pageSize)
	}
	// The end of RAM: the rest of the access finds nothing.
	if v, res := as.ReadN(128<<20-2, 4); v != 0x6665 || res != DecodeError {
		t.Errorf("over the end: %#x, %d", v, res)
	}

	if n := rom.Load(0x1ffe, []byte{1, 2, 3}); n != 2 {
		t.Errorf("%d bytes fit", n)
	}
	if res := as.WriteN(0xfffe1ffe, 1, 0xff); res != DecodeError {
		t.Errorf("write to ROM: %d", res)
	}
	if v, res := as.ReadN(0xfffe1ffe, 2); v != 0x0201 || res != OK {
		t.Errorf("ROM: %#x, %d", v, res)
	}
	var one [4]byte
	if n := rom.Dump(0x1fff, one[:]); n != 1 || one[0] != 2 {
		t.Errorf("dumped %d, %v", n, one)
	}
	if n := rom.Dump(0x2000, one[:]); n != 0 {
		t.Errorf("dumped %d beyond the end", n)
	}
	m.finish()
}

// A device whose own memory access leads back to itself is refused, once
// with a warning; other devices may be reached.
func TestReentry(t *testing.T) {
	m := newMachine(t)
	var log strings.Builder
	m.Log = slog.New(slog.NewTextHandler(&log, nil))
	a, b := m.plug("a"), m.plug("b")
	a.r.InitIO(m.System, &a.Object, a, "a", 0x10)
	b.r.InitIO(m.System, &b.Object, b, "b", 0x10)
	m.mem.AddSubregion(0, &a.r)
	m.mem.AddSubregion(0x10, &b.r)
	var inner, other Result
	a.write = func(_ uint64, _ int, _ uint64) {
		_, inner = m.memory.ReadN(0, 4)
		inner |= m.memory.WriteN(4, 4, 0)
		_, other = m.memory.ReadN(0x10, 4)
	}
	for range 2 {
		if res := m.memory.WriteN(0, 4, 1); res != OK || inner != AccessError || other != OK {
			t.Errorf("write %d, inner %d, other %d", res, inner, other)
		}
	}
	if n := strings.Count(log.String(), "blocked re-entrant IO"); n != 1 {
		t.Errorf("%d warnings: %s", n, &log)
	}
	a.r.AllowReentry()
	a.write = func(addr uint64, _ int, _ uint64) { _, inner = m.memory.ReadN(0, 4) }
	m.memory.WriteN(0, 4, 1)
	if inner != OK || a.gate.Busy() {
		t.Errorf("re-entry allowed: %d, busy %v", inner, a.gate.Busy())
	}
	m.finish()
}

// A device may take itself away in a callback: the access ends, then it goes.
func TestUnplugInCallback(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	mapCard(m, d, 0x1000)
	d.write = func(addr uint64, _ int, _ uint64) {
		if addr == 0 {
			unplug(m, d)
			m.Drain()
		}
	}
	if res := m.memory.WriteN(0x1000, 8, 0); res != OK|DecodeError {
		t.Errorf("write: %d", res)
	}
	m.check(1)
	m.Settle()
	m.check(0)
	m.finish()
}

func TestRegionNames(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	d.r.InitIO(m.System, &d.Object, d, "/rom@etc[x]\\y", 8)
	d.other.InitIO(m.System, &d.Object, d, "r", 1<<64-1)
	m.mem.AddSubregionOverlap(0x80, &d.r, -1)
	for path, want := range map[string]any{
		"/card/\\x2from@etc\\x5bx\\x5d\\x5cy[0]": map[string]any{"addr": uint64(0x80), "container": "/machine/unattached/system[0]",
			"priority": int32(-1), "size": uint64(8), "type": "memory-region"},
		"/card/r[0]": map[string]any{"addr": uint64(0), "container": "", "priority": int32(0), "size": uint64(1<<64 - 1), "type": "memory-region"},
	} {
		o, _ := m.tree.Resolve(path, "memory-region")
		if o == nil {
			t.Errorf("no %s", path)
			continue
		}
		got := map[string]any{}
		for p := range o.Properties() {
			v, err := o.Get(p.Name)
			if err != nil {
				t.Error(err)
			}
			got[p.Name] = v
		}
		if diff := cmp.Diff(want, any(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	m.finish()
}
