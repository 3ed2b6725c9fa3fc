package chipset

import "github.com/qomd/qomd/devices/vmstate"

// VMState saves or loads what the board has besides its devices.
func (b *Board) VMState(f *vmstate.Fields) {
	f.Field("reset-control", &b.reset.register)
	f.Group("config-ports", b.ports.VMState)
}

// VMState implements [vmstate.Stater]: the registers show where they say.
func (h *hostBridge) VMState(f *vmstate.Fields) {
	h.Device.VMState(f)
	f.Loaded(h.update)
}

// VMState implements [vmstate.Stater].
func (p *power) VMState(f *vmstate.Fields) {
	p.Device.VMState(f)
	f.Bytes("apm", p.apmRegs[:])
	f.Group("fixed", p.fixed.VMState)
	f.Group("events", p.gpe.VMState)
	f.Group("processors", p.cpus.VMState)
	f.Group("modules", p.modules.VMState)
	f.Group("pci-hotplug", p.PCIHotplug.VMState)
	f.Loaded(p.decode)
}
