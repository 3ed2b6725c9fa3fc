package guest

// Linux reacts as a booted Linux does: it enables the devices that come and
// acknowledges at once what the hardware asks it to let go.
type Linux struct {
	hw    Hardware
	slots []slot // hot-plug slots of PCI Express ports, found by scanning
	ready bool   // the slots are known and the events enabled
}

// Handle reacts to an event.
func (l *Linux) Handle(e Event) {
	switch e {
	case WasReset:
		l.ready = false
		return
	case NMI:
		return // logged and ignored
	}
	if !l.ready {
		l.boot()
	}
	if e == PowerButton {
		l.powerOff()
		return
	}
	l.acpiHotplug()
	l.pcieHotplug()
}

// boot enables the general-purpose event of PCI hot-plug and finds the slots.
func (l *Linux) boot() {
	t := l.hw.Tables()
	if t.GPEEnable != 0 {
		l.hw.Out(t.GPEEnable, 1, l.hw.In(t.GPEEnable, 1)|gpePCIHotplug)
	}
	l.slots = nil
	l.scan(0, 0)
	l.ready = true
}
