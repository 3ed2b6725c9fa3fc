package hid

import "github.com/qomd/qomd/devices/usb"

// Keys of the requests, HID 1.11 section 7.
const (
	getInterfaceDescriptor = 0x8106
	getReport              = 0xa101
	getIdle                = 0xa102
	getProtocol            = 0xa103
	setReport              = 0x2109
	setIdle                = 0x210a
	setProtocol            = 0x210b
)

const (
	hidDescriptor    = 0x21
	reportDescriptor = 0x22
)

// HandleControl implements [usb.ControlHandler].
func (d *Device) HandleControl(r usb.Request, data []byte) (int, usb.Status) {
	switch r.Key() {
	case getInterfaceDescriptor:
		// As QEMU: the HID descriptor itself comes with the configuration only.
		if r.Value>>8 == reportDescriptor {
			return copy(data, d.model.report), usb.Success
		}
		return 0, usb.Stall
	case getReport:
		return copy(data, d.report()), usb.Success
	case setReport:
		if len(data) > 0 {
			d.leds = data[0]
		}
	case getIdle:
		return copy(data, []byte{d.idle}), usb.Success
	case setIdle:
		d.setIdle(uint8(r.Value >> 8))
	case getProtocol:
		protocol := byte(1)
		if d.boot {
			protocol = 0
		}
		return copy(data, []byte{protocol}), usb.Success
	case setProtocol:
		if d.model.subclass == 0 {
			return 0, usb.Stall // no boot report, HID 1.11 section 7.2.6
		}
		d.boot = r.Value == 0
	default:
		return 0, usb.Stall
	}
	return 0, usb.Success
}
