package qdev

// macPrefix begins the addresses that machines give out themselves;
// firstAutoMAC is the last byte of the first one.
var macPrefix = [5]byte{0x52, 0x54, 0x00, 0x12, 0x34}

const firstAutoMAC = 0x56

// macUse counts the devices that use an address with the machine's prefix, by
// last byte.
type macUse map[byte]int

// AssignMAC settles the Ethernet address in a device's property: a free one of
// the machine's if none was set. The address counts as used until release is
// called, so that others get different ones; a network card calls this when it
// is realized. Cards that have only facts are served by [Device.Realize].
func AssignMAC(d *Device, prop string) (m MAC, release func()) {
	given, _ := d.Stored(prop).(MAC)
	m, release = d.Env().TakeMAC(given)
	if given == (MAC{}) {
		d.Store(prop, m)
	}
	return m, release
}

// TakeMAC is AssignMAC for a card that is not there yet; no address is the zero
// one.
func (env *Env) TakeMAC(m MAC) (_ MAC, release func()) {
	if env.macs == nil {
		env.macs = macUse{}
	}
	if m == (MAC{}) {
		copy(m[:], macPrefix[:])
		m[5] = env.macs.free()
	}
	if [5]byte(m[:5]) != macPrefix {
		return m, func() {}
	}
	last := m[5]
	env.macs[last]++
	return m, func() { env.macs[last]-- }
}

// free returns the first last byte that nobody uses; when all are taken, the
// highest serves everybody.
func (u macUse) free() byte {
	for last := firstAutoMAC; last < 0xff; last++ {
		if u[byte(last)] == 0 {
			return byte(last)
		}
	}
	return 0xff
}

// claimMAC does it for devices whose address property has no code.
func (d *Device) claimMAC() {
	p := d.Class().Property("mac")
	if p == nil || !p.Replaceable || p.Type != "str" || d.Property("mac") != p {
		return
	}
	_, d.releaseMAC = AssignMAC(d, "mac")
}

func (d *Device) dropMAC() {
	if d.releaseMAC != nil {
		d.releaseMAC()
		d.releaseMAC = nil
	}
}
