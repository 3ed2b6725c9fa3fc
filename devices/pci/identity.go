package pci

import "fmt"

// fixed returns the bits of the configuration space that are the same for every
// function made alike, whatever a guest has done: what it is, and its
// capabilities but for what can be written or changes by itself.
func (d *Device) fixed() *[configSize]byte {
	var fixed [configSize]byte
	for _, at := range []int{regVendor, regVendor + 1, regDevice, regDevice + 1, regRevision, regProgIf, regClass, regClass + 1,
		regHeaderType, regCapabilities} {
		fixed[at] = 0xff
	}
	fixed[regStatus] = statusCapabilities
	for at, used := range d.usedByCapabilities() {
		if used {
			fixed[at] = 0xff
		}
	}
	if at := int(d.exp); at != 0 {
		clear(fixed[at+expLnkSta : at+expLnkSta+2])
		clear(fixed[at+expLnkCap : at+expLnkCap+2]) // an error may have taken them: see detected
		fixed[at+expSltSta] &^= slotStaPresent | slotStaLocked
	}
	if d.msi.at != 0 && d.msiFlags()&msiVectorMask != 0 {
		at := d.msiMask() + 4 // messages that wait
		clear(fixed[at : at+4])
	}
	return &fixed
}

// checkFixed refuses a configuration space that is not of a function like d.
func (d *Device) checkFixed(got *[configSize]byte) error {
	s, fixed := &d.space, d.fixed()
	for i, mask := range fixed {
		if diff := (got[i] ^ s.bytes[i]) & mask &^ s.write[i] &^ s.clear[i]; diff != 0 {
			return fmt.Errorf("Bad config data: i=0x%x read: %x device: %x cmask: %x wmask: %x w1cmask:%x",
				i, got[i], s.bytes[i], mask, s.write[i], s.clear[i])
		}
	}
	return nil
}
