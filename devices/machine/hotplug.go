package machine

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/cpu"
	"github.com/qomd/qomd/devices/dimm"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qom"
)

// hotplugHandler answers where not the bus alone decides about a device but the
// machine: for processors, memory modules and virtio devices that are memory, of
// PCs.
func (m *Machine) hotplugHandler(d *qdev.Device) qdev.HotplugHandler {
	if len(m.slots) == 0 || !m.IsPC() && !m.IsQ35() {
		return nil
	}
	switch d.Self().(type) {
	case *cpu.CPU:
		return processorHandler{m}
	case *dimm.DIMM:
		return moduleHandler{m}
	}
	if b := virtio.MemoryBackendOf(&d.Object); b != nil {
		h := memoryHandler{m, b, nil}
		if bus := d.Bus(); bus != nil {
			h.bus = bus.Handler()
		}
		return h
	}
	return nil
}

// hasACPI reports whether ACPI was left switched on.
func (m *Machine) hasACPI() bool { return m.setting("acpi") != "off" }

// hotplugsMemory reports whether memory modules may come and go: nobody may have
// taken the ACPI device from the machine.
func (m *Machine) hotplugsMemory() bool {
	return m.hasACPI() && m.power != nil && m.power.Target() != nil
}

// setting reads a property of the machine, nil when there is none.
func (m *Machine) setting(name string) any {
	if m.object.Property(name) == nil {
		return nil
	}
	v, err := m.object.Get(name)
	if err != nil {
		return nil
	}
	return v
}

// moduleHandler decides about memory modules.
type moduleHandler struct{ m *Machine }

// QOM implements [qdev.HotplugHandler].
func (h moduleHandler) QOM() *qom.Object { return h.m.object }

var errNoACPIMemory = errors.New("memory hotplug is not enabled: missing acpi device or acpi disabled")

// PrePlug implements [qdev.PrePlugger].
func (h moduleHandler) PrePlug(d *qdev.Device) error {
	module := dimm.From(d)
	if !h.m.hotplugsMemory() {
		return errNoACPIMemory
	}
	if on, _ := h.m.setting("nvdimm").(bool); module.NonVolatile() && !on {
		return errors.New("nvdimm is not enabled: missing 'nvdimm' in '-M'")
	}
	return h.m.window.PrepareModule(module)
}

// Plug implements [qdev.Plugger]. The slots of ACPI know nothing of NVDIMMs,
// which guests find in a table of their own.
func (h moduleHandler) Plug(d *qdev.Device) error {
	module := dimm.From(d)
	slots := h.m.board.Memory
	at := int(module.Slot())
	if module.NonVolatile() || slots == nil {
		h.m.window.PlugModule(module, nil)
		return nil
	}
	h.m.window.PlugModule(module, func() { slots.Vacate(at) })
	slots.Place(at, module)
	return nil
}

// UnplugRequest implements [qdev.UnplugRequester].
func (h moduleHandler) UnplugRequest(d *qdev.Device) error {
	module := dimm.From(d)
	switch {
	case !h.m.hotplugsMemory():
		return errNoACPIMemory
	case module.NonVolatile():
		return errors.New("nvdimm device hot unplug is not supported yet.")
	}
	h.m.board.Memory.Request(int(module.Slot()))
	return nil
}

// memoryHandler decides about virtio devices that are memory: about their memory
// itself, about the rest as their bus does.
type memoryHandler struct {
	m      *Machine
	device virtio.MemoryBackend
	bus    qdev.HotplugHandler // nil when the bus has none
}

// QOM implements [qdev.HotplugHandler].
func (h memoryHandler) QOM() *qom.Object { return h.m.object }

// PrePlug implements [qdev.PrePlugger].
func (h memoryHandler) PrePlug(d *qdev.Device) error {
	if h.bus == nil && d.Hotplugged() {
		return errors.New("hotplug of virtio based memory devices not supported on this bus.")
	}
	if err := h.m.window.Prepare(h.device); err != nil {
		return err
	}
	if b, ok := h.bus.(qdev.PrePlugger); ok {
		return b.PrePlug(d)
	}
	return nil
}

// Plug implements [qdev.Plugger].
func (h memoryHandler) Plug(d *qdev.Device) error {
	h.device.Entered(h.m.window.Plug(h.device))
	if b, ok := h.bus.(qdev.Plugger); ok {
		return b.Plug(d)
	}
	return nil
}

// UnplugRequest implements [qdev.UnplugRequester].
func (h memoryHandler) UnplugRequest(d *qdev.Device) error {
	if err := h.device.MayUnplug(); err != nil {
		return err
	}
	if b, ok := h.bus.(qdev.UnplugRequester); ok {
		return b.UnplugRequest(d)
	}
	return qdev.Remove(h.bus, d)
}

// strangerHandler decides about the devices of a bus that was handed to the
// machine: it lets them in, and knows no way out for them.
type strangerHandler struct{ m *Machine }

// QOM implements [qdev.HotplugHandler].
func (h strangerHandler) QOM() *qom.Object { return h.m.object }

// UnplugRequest implements [qdev.UnplugRequester].
func (h strangerHandler) UnplugRequest(d *qdev.Device) error {
	return fmt.Errorf("acpi: device unplug request for not supported device type: %s", d.TypeName())
}

// Window returns the addresses that memory devices are put into.
func (m *Machine) Window() *dimm.Window { return &m.window }

// OSPMStatus lists what the guest reported about the slots of memory and
// processors; false when the machine has no ACPI.
func (m *Machine) OSPMStatus() ([]acpi.OST, bool) {
	if m.board == nil || m.IsPC() && !m.hasACPI() {
		return nil, false
	}
	list := []acpi.OST{}
	if m.board.Memory != nil {
		list = m.board.Memory.Status()
	}
	if m.board.CPUs.Legacy() {
		return list, true
	}
	return append(list, m.board.CPUs.Status()...), true
}
