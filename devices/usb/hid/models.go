package hid

import "github.com/qomd/qomd/devices/usb"

// models are the devices. Mouse and keyboard send their boot report under both
// protocols, so that a guest sees the same either way.
func models() []*model {
	return []*model{
		{typ: "usb-mouse", product: "QEMU USB Mouse", serial: "89126", vendor: 0x0627, id: 0x0001,
			subclass: 1, protocol: 2, report: mouseReport(), packet: 4, state: (*Device).mouseState},
		{typ: "usb-tablet", product: "QEMU USB Tablet", serial: "28754", vendor: 0x0627, id: 0x0001,
			report: tabletReport(), packet: 8, state: (*Device).tabletState},
		{typ: "usb-kbd", product: "QEMU USB Keyboard", serial: "68284", vendor: 0x0627, id: 0x0001,
			subclass: 1, protocol: 1, report: keyboardReport(), packet: 8, state: (*Device).keyboardState},
		{typ: "usb-wacom-tablet", product: "QEMU PenPartner Tablet", serial: "1", vendor: 0x056a, id: 0x0000,
			subclass: 1, protocol: 2, report: mouseReport(), packet: 8, fullOnly: true, state: (*Device).mouseState},
	}
}

func signed8(n int) byte { return byte(int8(min(max(n, -127), 127))) }

func (d *Device) mouseState() []byte {
	return []byte{d.buttons, signed8(d.dx), signed8(d.dy), signed8(d.wheel)}
}

func (d *Device) tabletState() []byte {
	return []byte{d.buttons, byte(d.x), byte(d.x >> 8), byte(d.y), byte(d.y >> 8), signed8(d.wheel)}
}

// keyboardState has room for six keys; more are an error that fills all six,
// HID 1.11 appendix C.
func (d *Device) keyboardState() []byte {
	b := make([]byte, 8)
	b[0] = d.modifiers
	if len(d.keys) > 6 {
		for i := 2; i < 8; i++ {
			b[i] = 1
		}
		return b
	}
	copy(b[2:], d.keys)
	return b
}

// item is a short item of a report descriptor, HID 1.11 section 6.2.2: its
// prefix without the size, and its data.
func item(prefix byte, data ...byte) []byte {
	return append([]byte{prefix | byte(len(data))}, data...)
}

func items(list ...[]byte) []byte {
	var b []byte
	for _, i := range list {
		b = append(b, i...)
	}
	return b
}

// Prefixes of the items used here.
const (
	usagePage     = 0x04
	usage         = 0x08
	logicalMin    = 0x14
	logicalMax    = 0x24
	usageMin      = 0x18
	usageMax      = 0x28
	reportSize    = 0x74
	reportCount   = 0x94
	input         = 0x80
	output        = 0x90
	collection    = 0xa0
	endCollection = 0xc0
	physicalMin   = 0x34
	physicalMax   = 0x44
)

// Bits of input and output items.
const (
	constant = 1
	variable = 2
	relative = 4
)

func pointerReport(axes []byte) []byte {
	return items(
		item(usagePage, 1), item(usage, 2), item(collection, 1), item(usage, 1), item(collection, 0),
		item(usagePage, 9), item(usageMin, 1), item(usageMax, 5),
		item(logicalMin, 0), item(logicalMax, 1),
		item(reportCount, 5), item(reportSize, 1), item(input, variable),
		item(reportCount, 1), item(reportSize, 3), item(input, constant),
		item(usagePage, 1), axes,
		item(endCollection), item(endCollection),
	)
}

func mouseReport() []byte {
	return pointerReport(items(
		item(usage, 0x30), item(usage, 0x31), item(usage, 0x38),
		item(logicalMin, 0x81), item(logicalMax, 0x7f),
		item(reportSize, 8), item(reportCount, 3), item(input, variable|relative),
	))
}

func tabletReport() []byte {
	return pointerReport(items(
		item(usage, 0x30), item(usage, 0x31),
		item(logicalMin, 0), item(logicalMax, 0xff, 0x7f), item(physicalMin, 0), item(physicalMax, 0xff, 0x7f),
		item(reportSize, 16), item(reportCount, 2), item(input, variable),
		item(usage, 0x38), item(logicalMin, 0x81), item(logicalMax, 0x7f), item(physicalMin, 0), item(physicalMax, 0),
		item(reportSize, 8), item(reportCount, 1), item(input, variable|relative),
	))
}

func keyboardReport() []byte {
	return items(
		item(usagePage, 1), item(usage, 6), item(collection, 1),
		item(reportSize, 1), item(reportCount, 8), item(usagePage, 7), item(usageMin, 0xe0), item(usageMax, 0xe7),
		item(logicalMin, 0), item(logicalMax, 1), item(input, variable),
		item(reportCount, 1), item(reportSize, 8), item(input, constant),
		item(reportCount, 5), item(reportSize, 1), item(usagePage, 8), item(usageMin, 1), item(usageMax, 5), item(output, variable),
		item(reportCount, 1), item(reportSize, 3), item(output, constant),
		item(reportCount, 6), item(reportSize, 8), item(logicalMin, 0), item(logicalMax, 0xff),
		item(usagePage, 7), item(usageMin, 0), item(usageMax, 0xff), item(input, 0),
		item(endCollection),
	)
}

// hidDescriptor announces the report descriptor, HID 1.11 section 6.2.1.
func (m *model) hidDescriptor() []byte {
	n := len(m.report)
	return []byte{9, hidDescriptor, 0x01, 0x00, 0, 1, reportDescriptor, byte(n), byte(n >> 8)}
}

// descriptors makes those of a full-speed device and of one that also works at
// high speed; a kind that has no other is the same for both.
func (m *model) descriptors() (old, now *usb.Descriptors) {
	layout := func(version uint16, packet0, interval uint8) *usb.Layout {
		return &usb.Layout{
			Version: version, MaxPacket0: packet0,
			Configs: []usb.Config{{
				Value: 1, Attributes: usb.AlwaysSet | usb.RemoteWakeup, MaxPower: 50,
				Interfaces: []usb.Interface{{
					Class: 3, Subclass: m.subclass, Protocol: m.protocol, Extra: m.hidDescriptor(),
					Endpoints: []usb.EndpointInfo{{
						Address: 0x81, Type: usb.InterruptEndpoint, MaxPacket: m.packet, Interval: interval,
					}},
				}},
			}},
		}
	}
	base := usb.Descriptors{
		Vendor: m.vendor, Product: m.id, Strings: [8]string{1: "QEMU", 2: m.product, 3: m.serial},
		ManufacturerString: 1, ProductString: 2, SerialString: 3,
	}
	first, second := base, base
	first.Full = layout(0x0100, 8, 10)
	if m.fullOnly {
		return &first, &first
	}
	// Both intervals are about 8 ms: frames at full speed, 2^(n-1) microframes
	// at high speed.
	second.Full, second.High = layout(0x0200, 64, 10), layout(0x0200, 64, 7)
	return &first, &second
}
