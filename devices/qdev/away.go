package qdev

// A device can be sent away: its guest is asked to let it go as for good, but it
// stays where it is, and may be given back. It is what a migration does with the
// primary of a failover pair; QEMU calls such devices partially hot-plugged.

// SendAway asks the guest to let the device go, without removing it.
func (d *Device) SendAway() error {
	d.unplug.away = true
	h, ok := d.HotplugHandler().(UnplugRequester)
	if !ok {
		return Remove(d.HotplugHandler(), d)
	}
	err := h.UnplugRequest(d)
	if err != nil {
		d.unplug.away = false
	}
	return err
}

// Away reports whether the device was sent away; its guest has let it go when
// [Device.UnplugPending] does not hold any more.
func (d *Device) Away() bool { return d.unplug.away }

// TakeBack gives a device that was sent away to its guest again.
func (d *Device) TakeBack() error {
	d.unplug.away, d.unplug.pending = false, false
	h := d.HotplugHandler()
	if p, ok := h.(PrePlugger); ok {
		if err := p.PrePlug(d); err != nil {
			return err
		}
	}
	if p, ok := h.(Plugger); ok {
		return p.Plug(d)
	}
	return nil
}

// Primaries lists the primary devices of failover pairs that are there.
func (env *Env) Primaries() []*Device {
	var list []*Device
	for _, h := range env.hiders {
		if d := h.Primary(); d != nil {
			list = append(list, d)
		}
	}
	return list
}
