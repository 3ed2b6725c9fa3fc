package acpi

import "github.com/qomd/qomd/devices/vmstate"

// VMState saves or loads the registers, as all methods of that name here do.
func (p *PM) VMState(f *vmstate.Fields) {
	f.Field("status", &p.status)
	f.Field("enable", &p.enable)
	f.Field("control", &p.control)
	f.Field("overflow", &p.overflow)
	f.Loaded(p.changed)
}

// VMState saves or loads the events.
func (g *GPE) VMState(f *vmstate.Fields) {
	f.Bytes("status", g.status)
	f.Bytes("enable", g.enable)
	f.Loaded(g.changed)
}

// VMState saves or loads what the guest was asked for, and what it looks at.
func (h *PCIHotplug) VMState(f *vmstate.Fields) {
	f.Field("selector", &h.selector)
	f.Field("index", &h.index)
	f.List("buses", len(h.buses), func(i int, f *vmstate.Fields) {
		b := h.buses[i]
		f.Field("up", &b.up)
		f.Field("down", &b.down)
		f.Field("eject", &b.eject)
	})
}

func (h *slots) state(f *vmstate.Fields, i int) {
	s := &h.slots[i]
	f.Field("inserting", &s.inserting)
	f.Field("removing", &s.removing)
	f.Field("source", &s.source)
	f.Field("status", &s.status)
}

// VMState saves or loads the slots of processors.
func (h *CPUHotplug) VMState(f *vmstate.Fields) {
	f.Field("selector", &h.selector)
	f.Field("command", &h.command)
	legacy := h.legacy
	f.Field("legacy", &legacy)
	f.Loaded(func() {
		if h.legacy && !legacy {
			h.Modernize()
		}
	})
	f.List("slots", h.Len(), func(i int, f *vmstate.Fields) {
		h.slots.state(f, i)
		f.Field("firmware", &h.cpus[i].firmware)
	})
}

// VMState saves or loads the slots of memory modules.
func (h *MemoryHotplug) VMState(f *vmstate.Fields) {
	f.Field("selector", &h.selector)
	f.List("slots", h.Len(), func(i int, f *vmstate.Fields) { h.slots.state(f, i) })
}
