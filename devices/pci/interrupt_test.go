package pci_test

import (
	"testing"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
)

// mailbox is where messages of interrupts arrive.
func (r *rig) mailbox(at uint64) *[]uint64 {
	got := new([]uint64)
	box := new(memory.Region)
	box.InitIO(r.env.Memory, nil, memory.Funcs{OnWrite: func(_ uint64, _ int, v uint64) { *got = append(*got, v) }}, "mailbox", 16)
	r.system.AddSubregionOverlap(at, box, 10)
	return got
}

const (
	fn    = 4 << 3
	bar   = 0xfe000000
	inbox = 0xfee00000
)

// MSI-X: table and pending bits lie in a BAR of somebody else; masked vectors
// wait; without bus mastering nothing arrives.
func TestMSIX(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	got := r.mailbox(inbox)
	f := r.mustPlug(fn, 1, func(f *testFunction) error {
		c := &f.regions[0]
		c.Init(f.Env().Memory, &f.Object, "container", 0x4000)
		if err := f.InitMSIX(pci.MSIX{Vectors: 4, Table: c, PBA: c, TableOff: 0x3000, PBAOff: 0x3800, Offset: 0x90}); err != nil {
			return err
		}
		return f.RegisterBAR(0, pci.BARMem|pci.BARMem64, c)
	})
	if v := r.read(fn, 0x90, 4); v != 0x00030011 {
		t.Errorf("capability reads 0x%x", v)
	}
	r.write(fn, 0x10, 4, bar)
	r.write(fn, 4, 2, 6)
	r.mem.WriteN(bar+0x3010, 8, inbox)
	r.mem.WriteN(bar+0x3018, 4, 77)
	f.NotifyMSIX(1) // not enabled: lost
	r.write(fn, 0x92, 2, 0x8000)
	f.NotifyMSIX(1) // masked: pending
	if v, _ := r.mem.ReadN(bar+0x3800, 4); v != 2 {
		t.Errorf("pending bits 0x%x", v)
	}
	r.write(fn, 0x92, 2, 0xc000)
	r.mem.WriteN(bar+0x301c, 4, 0)
	if len(*got) != 0 {
		t.Errorf("sent while masked: %v", *got)
	}
	r.write(fn, 0x92, 2, 0x8000)
	if len(*got) != 1 || (*got)[0] != 77 {
		t.Errorf("messages %v, want 77", *got)
	}
	r.write(fn, 4, 2, 2)
	f.NotifyMSIX(1)
	if len(*got) != 1 {
		t.Error("sent without bus mastering")
	}
	if n := f.Interrupts().MSIX; n != 2 {
		t.Errorf("%d messages counted", n)
	}
	f.NotifyMSIX(99)
}

func TestMSI(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	got := r.mailbox(inbox)
	f := r.mustPlug(fn, 0, func(f *testFunction) error {
		return f.InitMSI(pci.MSI{Offset: 0x50, Vectors: 4, Wide: true, VectorMask: true})
	})
	r.write(fn, 4, 2, 4)
	r.write(fn, 0x54, 4, inbox)
	r.write(fn, 0x5c, 2, 0x40)
	r.write(fn, 0x52, 2, 0x21) // enable, four vectors
	r.write(fn, 0x60, 4, 8)    // mask the last
	f.NotifyMSI(3)
	if v := r.read(fn, 0x64, 4); v != 8 {
		t.Errorf("pending 0x%x", v)
	}
	f.NotifyMSI(2)
	r.write(fn, 0x60, 4, 0)
	if len(*got) != 2 || (*got)[0] != 0x42 || (*got)[1] != 0x43 {
		t.Errorf("messages %v", *got)
	}
}

// The pin: swizzled by slot on the way up, and off while the guest disables
// it.
func TestINTx(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	f := r.mustPlug(fn, 0, nil)
	f.SetIRQ(true)
	f.SetIRQ(true)
	if r.irq != [4]int{1} || r.read(fn, 6, 2)&8 == 0 || f.Interrupts().INTx != 1 {
		t.Errorf("pins %v, counted %d", r.irq, f.Interrupts().INTx)
	}
	r.write(fn, 4, 2, 0x400)
	if r.irq[0] != 0 || r.read(fn, 6, 2)&8 == 0 {
		t.Errorf("pins %v while disabled", r.irq)
	}
	r.write(fn, 4, 2, 0)
	if r.irq[0] != 1 {
		t.Errorf("pins %v", r.irq)
	}
	f.Device.Device.Unrealize()
	if r.irq[0] != 0 {
		t.Error("asserted by a function that is gone")
	}
}
