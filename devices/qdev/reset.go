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

// AlsoReset has f called at every reset of the machine, after its buses: for
// devices that are on none, and stay for good.
func (e *Env) AlsoReset(f func()) { e.resets = append(e.resets, f) }

// ColdReset resets every device of the machine.
func (e *Env) ColdReset() {
	e.SystemBus.ColdReset()
	for _, f := range e.resets {
		f()
	}
}
