package hid

import (
	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/usb"
)

// models are the devices. Mouse and keyboard send their boot report under both
// protocols, so that a guest sees the same either way.
func models() []*model {
	shared := [12]string{
		1: "QEMU", 2: "QEMU USB Mouse", 3: "QEMU USB Tablet", 4: "QEMU USB Keyboard", 5: "42",
		6: "HID Mouse", 7: "HID Tablet", 8: "HID Keyboard", 9: "89126", 10: "28754", 11: "68284",
	}
	return []*model{
		{typ: "usb-mouse", product: "QEMU USB Mouse", vendor: 0x0627, id: 0x0001,
			strings: shared, nameString: 2, configString: 6, serialString: 9, version: 0x0001, power: 50, wakes: true,
			subclass: 1, protocol: 2, report: mouseReport(), packet: 4, interval: 7,
			inputName: "QEMU HID Mouse", takes: input.Button | input.Relative, state: (*Device).mouseReport},
		{typ: "usb-tablet", product: "QEMU USB Tablet", vendor: 0x0627, id: 0x0001,
			strings: shared, nameString: 3, configString: 7, serialString: 10, version: 0x0001, power: 50, wakes: true,
			report: tabletReport(), packet: 8, interval: 4,
			inputName: "QEMU HID Tablet", takes: input.Button | input.Absolute, state: (*Device).tabletReport},
		{typ: "usb-kbd", product: "QEMU USB Keyboard", vendor: 0x0627, id: 0x0001,
			strings: shared, nameString: 4, configString: 8, serialString: 11, version: 0x0111, power: 50, wakes: true,
			subclass: 1, protocol: 1, report: keyboardReport(), packet: 8, interval: 7,
			inputName: "QEMU HID Keyboard", takes: input.Key, state: (*Device).keyboardReport},
		{typ: "usb-wacom-tablet", product: "QEMU PenPartner Tablet", vendor: 0x056a, id: 0x0000,
			strings:    [12]string{1: "QEMU", 2: "Wacom PenPartner", 3: "1"},
			nameString: 2, serialString: 3, release: 0x4210, version: 0x1001, power: 40,
			subclass: 1, protocol: 2, report: wacomReport(), packet: 8, fullOnly: true,
			inputName: "QEMU PenPartner tablet", takes: input.Button | input.Relative, late: true, state: (*Device).mouseReport},
	}
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
	inputItem     = 0x80
	output        = 0x90
	featureItem   = 0xb0
	reportID      = 0x84
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
		item(reportCount, 5), item(reportSize, 1), item(inputItem, variable),
		item(reportCount, 1), item(reportSize, 3), item(inputItem, constant),
		item(usagePage, 1), axes,
		item(endCollection), item(endCollection),
	)
}

func mouseReport() []byte {
	return pointerReport(items(
		item(usage, 0x30), item(usage, 0x31), item(usage, 0x38),
		item(logicalMin, 0x81), item(logicalMax, 0x7f),
		item(reportSize, 8), item(reportCount, 3), item(inputItem, variable|relative),
	))
}

func tabletReport() []byte {
	return pointerReport(items(
		item(usage, 0x30), item(usage, 0x31),
		item(logicalMin, 0), item(logicalMax, 0xff, 0x7f), item(physicalMin, 0), item(physicalMax, 0xff, 0x7f),
		item(reportSize, 16), item(reportCount, 2), item(inputItem, variable),
		item(usagePage, 1), item(usage, 0x38),
		item(logicalMin, 0x81), item(logicalMax, 0x7f), item(physicalMin, 0), item(physicalMax, 0),
		item(reportSize, 8), item(reportCount, 1), item(inputItem, variable|relative),
	))
}

func keyboardReport() []byte {
	return items(
		item(usagePage, 1), item(usage, 6), item(collection, 1),
		item(reportSize, 1), item(reportCount, 8), item(usagePage, 7), item(usageMin, 0xe0), item(usageMax, 0xe7),
		item(logicalMin, 0), item(logicalMax, 1), item(inputItem, variable),
		item(reportCount, 1), item(reportSize, 8), item(inputItem, constant),
		item(reportCount, 5), item(reportSize, 1), item(usagePage, 8), item(usageMin, 1), item(usageMax, 5), item(output, variable),
		item(reportCount, 1), item(reportSize, 3), item(output, constant),
		item(reportCount, 6), item(reportSize, 8), item(logicalMin, 0), item(logicalMax, 0xff),
		item(usagePage, 7), item(usageMin, 0), item(usageMax, 0xff), item(inputItem, 0),
		item(endCollection),
	)
}

// wacomReport has a mouse as report 1, and a digitizer as report 2 with the
// features that a driver switches modes by.
func wacomReport() []byte {
	feature := func(id, count byte, kind []byte) []byte {
		return items(item(usage, 1), item(reportID, id), item(reportCount, count), kind)
	}
	return items(
		item(usagePage, 1), item(usage, 2), item(collection, 1), item(reportID, 1), item(usage, 1), item(collection, 0),
		item(usagePage, 9), item(usageMin, 1), item(usageMax, 3), item(logicalMin, 0), item(logicalMax, 1),
		item(reportCount, 3), item(reportSize, 1), item(inputItem, variable),
		item(reportCount, 1), item(reportSize, 5), item(inputItem, constant),
		item(usagePage, 1), item(usage, 0x30), item(usage, 0x31), item(usage, 0x38),
		item(logicalMin, 0x81), item(logicalMax, 0x7f),
		item(reportSize, 8), item(reportCount, 3), item(inputItem, variable|relative),
		item(reportCount, 3), item(inputItem, constant),
		item(endCollection), item(endCollection),
		item(usagePage, 0x0d), item(usage, 1), item(collection, 1), item(reportID, 2), item(collection, 0),
		item(usagePage, 0x00, 0xff), item(usage, 1), item(logicalMin, 0), item(logicalMax, 0xff, 0x00),
		item(reportSize, 8), item(reportCount, 7), item(inputItem, variable),
		item(endCollection),
		feature(0x63, 7, item(inputItem, variable)), feature(2, 1, item(featureItem, variable)), feature(3, 1, item(featureItem, variable)),
		item(endCollection),
	)
}

// hidDescriptor announces the report descriptor, HID 1.11 section 6.2.1.
func (m *model) hidDescriptor() []byte {
	n := len(m.report)
	return []byte{9, hidDescriptor, byte(m.version), byte(m.version >> 8), 0, 1, reportDescriptor, byte(n), byte(n >> 8)}
}

// descriptors makes those of a full-speed device and of one that also works at
// high speed; a kind that has no other is the same for both.
func (m *model) descriptors() (old, now *usb.Descriptors) {
	attributes := uint8(usb.AlwaysSet)
	if m.wakes {
		attributes |= usb.RemoteWakeup
	}
	layout := func(version uint16, packet0, interval uint8) *usb.Layout {
		return &usb.Layout{
			Version: version, MaxPacket0: packet0,
			Configs: []usb.Config{{
				Value: 1, String: m.configString, Attributes: attributes, MaxPower: m.power,
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
		Vendor: m.vendor, Product: m.id, Release: m.release, Strings: m.strings,
		ManufacturerString: 1, ProductString: m.nameString, SerialString: m.serialString,
	}
	if m.fullOnly {
		base.Full = layout(0x0110, 8, 10)
		return &base, &base
	}
	base.VendorOS = true
	first, second := base, base
	first.Full = layout(0x0100, 8, 10)
	second.Full, second.High = layout(0x0100, 8, 10), layout(0x0200, 64, m.interval)
	return &first, &second
}
