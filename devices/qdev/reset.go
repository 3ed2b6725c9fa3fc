package qdev

// ColdReset returns the device and everything below it to the power-on state:
// child buses first, as QEMU's exit order has it.
func (d *Device) ColdReset() {
	for _, b := range d.buses {
		b.ColdReset()
	}
	if m, ok := d.Self().(Resetter); ok {
		m.Reset()
	}
}

// ColdReset resets every device on the bus, and the bus itself.
func (b *Bus) ColdReset() {
	for _, d := range b.Devices() {
		d.ColdReset()
	}
	if m, ok := b.Self().(Resetter); ok {
		m.Reset()
	}
}
