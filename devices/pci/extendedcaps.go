package pci

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/qdev"
)

// Numbers of capabilities of the extended space.
const (
	extSerial = 0x03
	extACS    = 0x0d
	extARI    = 0x0e
	extATS    = 0x0f
)

// acsControls are what a root port says it can control of packets between the
// functions below it, and lets a guest turn on.
const acsControls = 0x5f

// addACS adds Access Control Services at an offset.
func (d *Device) addACS(offset int) {
	d.AddExtendedCapability(extACS, 1, offset, []byte{acsControls, 0, 0, 0})
	d.SetExtendedMasks(offset+4, acsControls<<16, 0)
	d.acs = uint16(offset)
}

// resetACS turns all of it off.
func (d *Device) resetACS() {
	if d.acs != 0 {
		d.SetExtendedLong(int(d.acs)+4, acsControls)
	}
}

// addARI adds Alternative Routing-ID Interpretation for a function that is the last
// of its device.
func (d *Device) addARI(offset int) { d.AddExtendedCapability(extARI, 1, offset, make([]byte, 4)) }

// AddATS adds Address Translation Services, which a guest can turn on: requests are
// aligned to pages, and without an IOMMU nothing is translated.
func (d *Device) AddATS(offset int) {
	d.AddExtendedCapability(extATS, 1, offset, []byte{0x20, 0, 0, 0})
	d.SetExtendedMasks(offset+4, 0x800f<<16, 0)
}

// addSerial adds a serial number that is made of the card's address: its halves
// with filler between them.
func (d *Device) addSerial(offset int, filler uint16) {
	mac, _ := d.Stored("mac").(qdev.MAC)
	upper, lower := uint64(mac[0])<<16|uint64(mac[1])<<8|uint64(mac[2]), uint64(mac[3])<<16|uint64(mac[4])<<8|uint64(mac[5])
	number := upper<<40 | uint64(filler)<<24 | lower
	d.AddExtendedCapability(extSerial, 1, offset, binary.LittleEndian.AppendUint64(nil, number))
}

// addSwappedSerial does so for vmxnet3, which has the bytes the other way round.
func (d *Device) addSwappedSerial(offset int) {
	mac, _ := d.Stored("mac").(qdev.MAC)
	d.AddExtendedCapability(extSerial, 1, offset, []byte{0xfe, mac[3], mac[4], mac[5], mac[0], mac[1], mac[2], 0xff})
}
