package chipset

import (
	"github.com/qomd/qomd/devices/intc"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// Processor is what belongs to one processor: its local APIC and its view of
// memory.
type Processor struct {
	memory, system, smram, msi memory.Region
	vapic                      memory.Region
	view                       bool // memory is its own
}

// NewProcessor adds the parts of a processor, a realized device, to it. The
// first one's APIC is the one that memory shows, and brings the device
// kvmvapic with it; messages reach all of them by their ids. Without view it sees memory as the machine does, which is
// how QEMU makes processors that execute nothing.
func NewProcessor(env *qdev.Env, cpu *qdev.Device, system, io *memory.Region, messages *intc.Messages, id uint32, first, view bool) (*Processor, error) {
	p, sys, o := new(Processor), env.Memory, &cpu.Object
	if view {
		p.memory.Init(sys, o, "memory", all)
		p.system.InitAlias(sys, o, "memory", system, 0, all)
		p.memory.AddSubregion(0, &p.system)
		p.view = true
	}

	apic, err := env.Tree.NewChild(o, "lapic", "apic")
	if err != nil {
		return nil, err
	}
	apic.Self().(*lapic).join(messages, id)
	p.msi.InitIO(sys, apic, messages, "apic-msi", 1<<20)
	if first {
		system.AddSubregionOverlap(0xfee00000, &p.msi, 0x1000)
	}
	if err := qdev.From(apic).Realize(nil); err != nil {
		return nil, err
	}
	if !first {
		return p, nil
	}
	vapic, err := env.Tree.NewChild(env.Unattached, "device[*]", "kvmvapic")
	if err != nil {
		return nil, err
	}
	p.vapic.InitIO(sys, vapic, memory.UnassignedIO{}, "kvmvapic", 2)
	io.AddSubregion(0x7e, &p.vapic)
	return p, qdev.From(vapic).Realize(env.SystemBus)
}

// ShowSMRAM adds system management memory to the processor's view, once the
// board is there.
func (p *Processor) ShowSMRAM(env *qdev.Env, cpu *qdev.Device, smram *memory.Region) {
	if !p.view {
		return
	}
	p.smram.InitAlias(env.Memory, &cpu.Object, "smram", smram, 0, 4*gib)
	p.smram.SetEnabled(false)
	p.memory.AddSubregionOverlap(0, &p.smram, 1)
}
