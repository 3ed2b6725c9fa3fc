package qdev

// MoveTo puts the device on another bus, for models whose place is settled only
// while they are realized.
func (d *Device) MoveTo(b *Bus) error {
	if d.bus == b {
		return nil
	}
	return d.setParentBus(b)
}
