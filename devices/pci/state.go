package pci

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/vmstate"
)

// VMState implements [vmstate.Stater]: the configuration space, which says where
// everything shows, and interrupts.
func (d *Device) VMState(f *vmstate.Fields) {
	d.Device.VMState(f)
	config := d.space.bytes
	f.Bytes("config", config[:])
	if f.Loading() {
		if err := d.checkFixed(&config); err != nil {
			f.Fail(err)
			return
		}
		d.space.bytes = config
	}
	if e := &d.space.extended; len(e.write) > 0 {
		f.Bytes("extended-config", e.bytes)
		f.Field("errors-waiting", &d.aerQueue)
	}
	f.Field("powered", &d.powered)
	f.Field("pin", &d.irq.level)
	f.Field("pin-raised", &d.irq.raised)
	f.Field("msi-sent", &d.msi.sent)
	if x := d.msix; x != nil {
		f.Bytes("msix-table", x.entries)
		f.Bytes("msix-pending", x.pending)
		f.Field("msix-sent", &x.sent)
	}
	f.Loaded(d.showConfig)
}

// showConfig brings everything up to date that the configuration space governs.
func (d *Device) showConfig() {
	if d.bus != nil {
		d.updateBARs()
		d.applyCommand()
	}
}

// VMState implements [vmstate.Stater].
func (b *Bridge) VMState(f *vmstate.Fields) {
	b.Device.VMState(f)
	// A window that is closed still tells where it was.
	var at [numWindows]uint64
	for i := range at {
		at[i] = b.windows[i].Address()
	}
	f.Field("windows", &at)
	f.Loaded(func() {
		b.updateWindows()
		for i := range at {
			b.windows[i].SetAddress(at[i])
		}
	})
}

// VMState implements [vmstate.Stater].
func (p *Port) VMState(f *vmstate.Fields) {
	p.Bridge.VMState(f)
	f.Field("notified", &p.notified)
}

// VMState implements [vmstate.Stater].
func (b *conventionalBridge) VMState(f *vmstate.Fields) {
	b.Bridge.VMState(f)
	f.Bytes("hotplug-registers", b.shpc.regs[:])
}

// VMState implements [vmstate.Stater].
func (b *expressBridge) VMState(f *vmstate.Fields) {
	b.Bridge.VMState(f)
	f.Bytes("hotplug-registers", b.shpc.regs[:])
}

// VMState implements [vmstate.Stater]: a host bridge has what every device has, the
// rest is made from its expander.
func (h *Host) VMState(f *vmstate.Fields) { h.Device.VMState(f) }

// VMState saves or loads the address that was written last.
func (c *ConfigPorts) VMState(f *vmstate.Fields) { f.Field("address", &c.address) }

// DevicePath implements [qdev.Addresser]: "0000:00:1f.2", with the slots of the
// bridges on the way behind the domain and the bus.
func (b *Bus) DevicePath(q *qdev.Device) string {
	if d := FromDevice(q); d != nil {
		return b.pathOf(d)
	}
	return ""
}
