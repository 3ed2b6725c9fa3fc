package pci_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/pci"
)

// oracle says, from the registers alone, what an address of a space leads to;
// it is written from the specification, not from the code.
type oracle struct {
	command uint16
	bars    [6]uint32
	kinds   map[int]pci.BARKind
	sizes   map[int]uint64
}

func (o *oracle) write(reg int, val uint32) {
	for n, kind := range o.kinds {
		size := o.sizes[n]
		if reg == n {
			low := uint32(kind)
			o.bars[n] = val&^uint32(size-1) | low
		}
		if reg == n+1 && kind&pci.BARMem64 != 0 {
			o.bars[n+1] = val & uint32(^(size-1)>>32)
		}
	}
}

// base returns where a BAR decodes, false when it does not.
func (o *oracle) base(n int) (uint64, bool) {
	kind, size := o.kinds[n], o.sizes[n]
	addr := uint64(o.bars[n]) &^ (size - 1)
	top := uint64(1)<<32 - 1
	switch {
	case kind&pci.BARIO != 0:
		if o.command&1 == 0 {
			return 0, false
		}
	case o.command&2 == 0:
		return 0, false
	case kind&pci.BARMem64 != 0:
		addr |= uint64(o.bars[n+1]) << 32
		top = ^uint64(0)
	}
	if addr == 0 || addr+size-1 < addr || addr+size-1 >= top {
		return 0, false
	}
	return addr, true
}

// Whatever a guest writes, BARs decode what their registers say, sizing works,
// and nothing is left when the function goes.
func TestBARs(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		defer r.finish()
		o := &oracle{
			kinds: map[int]pci.BARKind{0: pci.BARMem, 1: pci.BARIO, 2: pci.BARMem64 | pci.BARPrefetch, 4: pci.BARMem},
			sizes: map[int]uint64{0: 4096, 1: 32, 2: 1 << 33, 4: 16},
		}
		for n, kind := range o.kinds {
			o.bars[n] = uint32(kind)
		}
		f := r.mustPlug(3<<3, 6, func(f *testFunction) error {
			for n, kind := range o.kinds {
				if err := f.RegisterBAR(n, kind, f.region(n, o.sizes[n], uint64(n+1)<<20)); err != nil {
					return err
				}
			}
			return nil
		})
		addresses := rapid.SampledFrom([]uint32{0, 1, 0x1000, 0xfe000000, 0xfe001000, 0xfe000010, 0xffffffff, 0xfffff000, 0xc000, 0xc020, 2, 0x80000000})
		rt.Repeat(map[string]func(*rapid.T){
			"bar": func(rt *rapid.T) {
				reg, val := rapid.IntRange(0, 5).Draw(rt, "register"), addresses.Draw(rt, "value")
				r.write(3<<3, 0x10+4*reg, 4, val)
				o.write(reg, val)
			},
			"command": func(rt *rapid.T) {
				o.command = uint16(rapid.IntRange(0, 7).Draw(rt, "command"))
				r.write(3<<3, 4, 2, uint32(o.command))
			},
			"reset": func(*rapid.T) {
				f.Device.Device.ColdReset()
				o.command = 0
				for n := range o.bars {
					o.bars[n] = uint32(o.kinds[n])
				}
			},
			"": func(rt *rapid.T) {
				for n := range o.bars {
					if got := r.read(3<<3, 0x10+4*n, 4); got != o.bars[n] {
						rt.Fatalf("BAR %d reads 0x%x, want 0x%x", n, got, o.bars[n])
					}
				}
				for n, kind := range o.kinds {
					base, ok := o.base(n)
					if got := f.BARAddress(n); ok && got != base || !ok && got != pci.Unmapped {
						rt.Fatalf("BAR %d is at 0x%x, want 0x%x %v", n, got, base, ok)
					}
					if !ok || kind&pci.BARIO != 0 && base+o.sizes[n] > 1<<16 {
						continue
					}
					space := r.mem
					if kind&pci.BARIO != 0 {
						space = r.ports
					}
					if covered(o, n, base) {
						continue // who shows where BARs overlap is a matter of their age
					}
					if got, _ := space.ReadN(base+4, 4); got != uint64(n+1)<<20+4 {
						rt.Fatalf("BAR %d at 0x%x answers 0x%x", n, base, got)
					}
				}
			},
		})
	})
}

// covered reports whether another BAR of the same space is at the same place.
func covered(o *oracle, n int, base uint64) bool {
	for m, kind := range o.kinds {
		if m == n || (kind&pci.BARIO != 0) != (o.kinds[n]&pci.BARIO != 0) {
			continue
		}
		if b, ok := o.base(m); ok && base+4 >= b && base+4 < b+o.sizes[m] {
			return true
		}
	}
	return o.kinds[n]&pci.BARIO != 0 && base+8 > 0xcf8 && base <= 0xcff
}
