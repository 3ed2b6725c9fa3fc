package machine

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/cpu"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// processorHandler decides about processors.
type processorHandler struct{ m *Machine }

// QOM implements [qdev.HotplugHandler].
func (h processorHandler) QOM() *qom.Object { return h.m.object }

// slotOf finds the slot of an APIC id.
func (m *Machine) slotOf(id uint32) *CPUSlot {
	for i := range m.slots {
		if m.slots[i].APICID == id {
			return &m.slots[i]
		}
	}
	return nil
}

// slotOfCPU finds the slot a processor is in.
func (m *Machine) slotOfCPU(d *qdev.Device) *CPUSlot {
	for _, s := range m.processors {
		if s.CPU == &d.Object {
			return s
		}
	}
	return nil
}

// PrePlug implements [qdev.PrePlugger]: it finds the slot that is meant, in
// QEMU's order of checks.
func (h processorHandler) PrePlug(d *qdev.Device) error {
	m, c := h.m, cpu.From(d)
	if d.TypeName() != m.slots[0].Type {
		return fmt.Errorf("Invalid CPU type, expected cpu type: '%s'", m.slots[0].Type)
	}
	places := m.topology.places()
	said := c.Place()
	id, ok := c.APICID()
	if !ok {
		p, err := places.Complete(said)
		if err != nil {
			return err
		}
		id = places.APICID(p)
	}
	s := m.slotOf(id)
	if s == nil {
		p := places.PlaceOf(id)
		return fmt.Errorf("Invalid CPU [socket: %d, die: %d, module: %d, core: %d, thread: %d] with APIC ID %d, valid index range 0:%d",
			p.Socket, p.Die, p.Module, p.Core, p.Thread, id, len(m.slots)-1)
	}
	if s.CPU != nil && s.CPU != &d.Object {
		return fmt.Errorf("CPU[%d] with APIC ID %d exists", s.Index, id)
	}
	if err := said.Agree(s.place(), id); err != nil {
		return err
	}
	if err := h.node(s, c); err != nil {
		return err
	}
	c.Settle(s.place(), id)
	if !m.env.Ways.LateSiblings {
		c.SetSiblings(places.Slots() / places.Sockets)
	}
	return nil
}

// node checks the NUMA node, and sets it where there are any.
func (h processorHandler) node(s *CPUSlot, c *cpu.CPU) error {
	node, ok := h.m.Node(s)
	switch said := c.Node(); {
	case !ok && said > 0:
		return errors.New("invalid node-id, must be 0")
	case ok && said != -1 && said != node:
		return fmt.Errorf("invalid node-id, must be %d", node)
	case ok:
		c.SetNode(node)
	}
	return nil
}

// Plug implements [qdev.Plugger].
func (h processorHandler) Plug(d *qdev.Device) error {
	m, c := h.m, cpu.From(d)
	id, _ := c.APICID()
	s := m.slotOf(id)
	if err := c.ShowMemory(&m.systemMemory); err != nil {
		return err
	}
	var err error
	s.parts, err = chipset.NewProcessor(m.env, d, &m.systemMemory, &m.systemIO, &m.messages, id, s.Index == 0, m.opts.Accel != "qtest")
	if err != nil {
		return err
	}
	s.space = m.env.Memory.NewSpace(&m.systemMemory, fmt.Sprintf("cpu-memory-%d", s.Index))
	m.occupy(s, d)
	if m.board != nil {
		m.wireProcessor(s)
	}
	return nil
}

// apicIDs lists the APIC ids of all places.
func (m *Machine) apicIDs() []uint32 {
	ids := make([]uint32, len(m.slots))
	for i := range m.slots {
		ids[i] = m.slots[i].APICID
	}
	return ids
}

// wireProcessor connects a processor to the board.
func (m *Machine) wireProcessor(s *CPUSlot) {
	d := qdev.From(s.CPU)
	s.parts.ShowSMRAM(m.env, d, m.board.SMRAM)
	if m.board.CPUs != nil {
		m.board.CPUs.Place(int(s.Index), d)
	}
}

// UnplugRequest implements [qdev.UnplugRequester].
func (h processorHandler) UnplugRequest(d *qdev.Device) error {
	s := h.m.slotOfCPU(d)
	switch {
	case h.m.IsPC() && !h.m.hasACPI():
		return errors.New("CPU hot unplug not supported without ACPI")
	case s == nil:
		return fmt.Errorf("CPU %s is in no slot", d.Label())
	case s.Index == 0:
		return errors.New("Boot CPU is unpluggable")
	case h.m.board.CPUs.Legacy():
		return fmt.Errorf("acpi: device unplug request for not supported device type: %s", d.TypeName())
	}
	h.m.board.CPUs.Request(int(s.Index))
	return nil
}

// Unplug implements [qdev.Unplugger].
func (h processorHandler) Unplug(d *qdev.Device) error {
	if s := h.m.slotOfCPU(d); s != nil {
		h.m.board.CPUs.Vacate(int(s.Index))
		h.m.vacate(s)
	}
	d.Unrealize()
	return nil
}
