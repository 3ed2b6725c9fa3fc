package pci_test

import (
	"errors"
	"testing"

	"github.com/qomd/qomd/devices/pci"
)

// Absent functions read all ones by both mechanisms, and present ones what
// they have, in any size.
func TestConfigMechanisms(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	r.mustPlug(fn, 0, nil)
	r.configMem.Map(&r.system, 0xb0000000, 1<<20)
	port := func(devfn uint8, at, size int) uint64 {
		r.ports.WriteN(0xcf8, 4, uint64(0x80000000)|uint64(devfn)<<8|uint64(at&^3))
		v, _ := r.ports.ReadN(0xcfc+uint64(at&3), size)
		return v
	}
	memory := func(devfn uint8, at, size int) uint64 {
		v, _ := r.mem.ReadN(0xb0000000+uint64(devfn)<<12+uint64(at), size)
		return v
	}
	for _, c := range []struct {
		devfn    uint8
		at, size int
		want     uint64
	}{
		{fn, 0, 4, 0x56781234}, {fn, 0, 2, 0x1234}, {fn, 2, 2, 0x5678}, {fn, 1, 1, 0x12}, {fn, 0x2c, 4, 0x11001af4},
		{0, 0, 4, 0xffffffff}, {fn | 1, 0, 2, 0xffff}, {fn | 1, 3, 1, 0xff},
	} {
		if got := port(c.devfn, c.at, c.size); got != c.want {
			t.Errorf("ports: %d bytes at 0x%x of %02x: 0x%x, want 0x%x", c.size, c.at, c.devfn, got, c.want)
		}
		if got := memory(c.devfn, c.at, c.size); got != c.want {
			t.Errorf("memory: %d bytes at 0x%x of %02x: 0x%x, want 0x%x", c.size, c.at, c.devfn, got, c.want)
		}
	}
	if got := memory(fn, 0x100, 4); got != 0xffffffff {
		t.Errorf("a conventional function reads 0x%x beyond 256 bytes", got)
	}
	r.ports.WriteN(0xcf8, 4, uint64(fn)<<8) // without the enable bit
	if v, _ := r.ports.ReadN(0xcfc, 4); v != 0xffffffff {
		t.Errorf("disabled mechanism reads 0x%x", v)
	}
}

// Write masks and bits cleared by writing 1.
func TestMasks(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	f := r.mustPlug(fn, 0, nil)
	for _, c := range []struct {
		at, size    int
		write, want uint32
	}{
		{0x00, 4, 0, 0x56781234}, {0x04, 2, 0xffff, 0x0507}, {0x0c, 1, 0x40, 0x40}, {0x3c, 1, 11, 11}, {0x3d, 1, 3, 1},
		{0x08, 4, 0, 0x02000000}, {0x34, 1, 0x40, 0}, {0x40, 4, 0x12345678, 0x12345678},
	} {
		r.write(fn, c.at, c.size, c.write)
		if got := r.read(fn, c.at, c.size); got != c.want {
			t.Errorf("0x%x after writing 0x%x: 0x%x, want 0x%x", c.at, c.write, got, c.want)
		}
	}
	f.SetConfigWord(6, 0xf900)
	r.write(fn, 6, 2, 0x8100)
	if got := r.read(fn, 6, 2); got != 0x7800 {
		t.Errorf("status 0x%x, want 0x7800", got)
	}
}

func TestCapabilities(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	f := r.mustPlug(fn, 0, func(f *testFunction) error {
		if err := f.AddPM(0x60); err != nil {
			return err
		}
		at, err := f.AddCapability(0x09, 0, 0x20)
		if err != nil || at != 0x40 {
			t.Errorf("free place 0x%x, %v", at, err)
		}
		if _, err := f.AddCapability(0x09, 0x64, 4); err == nil {
			t.Error("overlapping capability added")
		}
		if _, err := f.AddCapability(0x09, 0, 0x98+1); err == nil {
			t.Error("capability added where there is no room")
		}
		return f.AddExpress(pci.ExpressCap{Offset: 0x90})
	})
	if r.read(fn, 0x34, 1) != 0x90 || r.read(fn, 0x91, 1) != 0x40 || r.read(fn, 0x41, 1) != 0x60 || r.read(fn, 0x61, 1) != 0 {
		t.Error("the list is not newest first")
	}
	if f.FindCapability(pci.CapPM) != 0x60 || f.FindCapability(pci.CapMSI) != 0 {
		t.Error("capabilities not found")
	}
	r.write(fn, 0x64, 2, 0xffff)
	if got := r.read(fn, 0x64, 2); got != 3 {
		t.Errorf("power state register 0x%x", got)
	}
}

// A function whose model fails leaves nothing behind: its address is free.
func TestFailure(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	broken := errors.New("broken")
	if _, err := r.plug(fn, 1, func(f *testFunction) error {
		if err := f.RegisterBAR(0, pci.BARMem, f.region(0, 0x1000, 0)); err != nil {
			return err
		}
		return broken
	}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if f, err := r.plug(fn, 1, func(f *testFunction) error {
		return f.RegisterBAR(0, pci.BARMem, f.region(0, 0x1800, 0))
	}); err == nil || f != nil {
		t.Error("a BAR of 0x1800 bytes was accepted")
	}
	f := r.mustPlug(fn, 0, nil)
	f.Device.Device.Unrealize()
	if !f.exited || r.root.At(fn) != nil || r.read(fn, 0, 4) != 0xffffffff {
		t.Error("an unrealized function still answers")
	}
}
