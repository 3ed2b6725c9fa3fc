package storage

import (
	"github.com/qomd/qomd/devices/scsi"
	"github.com/qomd/qomd/devices/usb"
)

// UAS is usb-uas: a SCSI bus that users put disks on, behind the pipes of USB
// Attached SCSI. Plugged into a running machine it waits to be attached until
// the disks are there. Its pipes carry no commands: guests that try time out.
type UAS struct {
	usb.Device
	bus scsi.Bus
}

// RealizeUSB implements [usb.Realizer].
func (u *UAS) RealizeUSB() error {
	u.SetDescriptors(&uasDescriptors)
	u.SetSerial()
	u.bus.InitBus(&u.Device.Device, "", scsi.Limits{LUN: 255})
	if u.Hotplugged() {
		u.SetManual()
	}
	return nil
}

// Revivable says that the device cannot be realized again.
func (u *UAS) Revivable() bool { return false }

// pipe is the usage descriptor that tells one pipe from another, UAS section
// 5.2.3.4.
func pipe(id byte) []byte { return []byte{4, 0x24, id, 0} }

// uasDescriptors are shared by all devices of the type and not changed.
var uasDescriptors = func() usb.Descriptors {
	iface := func(packet uint16, burst, streams uint8) usb.Interface {
		ep := func(address, id, streams uint8) usb.EndpointInfo {
			return usb.EndpointInfo{
				Address: address, Type: usb.BulkEndpoint, MaxPacket: packet, MaxBurst: burst, Streams: streams, Extra: pipe(id),
			}
		}
		return usb.Interface{
			Class: 8, Subclass: 6, Protocol: 0x62,
			Endpoints: []usb.EndpointInfo{ep(0x01, 1, 0), ep(0x82, 2, streams), ep(0x83, 3, streams), ep(0x04, 4, streams)},
		}
	}
	return usb.Descriptors{
		Vendor: 0x46f4, Product: 0x0003,
		Strings: [12]string{
			1: "QEMU", 2: "USB Attached SCSI HBA", 3: "27842",
			4: "High speed config (usb 2.0)", 5: "Super speed config (usb 3.0)",
		},
		ManufacturerString: 1, ProductString: 2, SerialString: 3,
		High:  layout(0x0200, 64, 4, iface(512, 0, 0)),
		Super: layout(0x0300, 9, 5, iface(1024, 15, 4)),
	}
}()
