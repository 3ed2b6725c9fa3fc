package usb_test

import (
	"testing"

	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/usbtest"
)

// FuzzControl sends any control request to every kind of device.
func FuzzControl(f *testing.F) {
	f.Add(uint8(0x80), uint8(6), uint16(0x0100), uint16(0), uint16(18))
	f.Add(uint8(0x00), uint8(9), uint16(1), uint16(0), uint16(0))
	f.Add(uint8(0x01), uint8(11), uint16(1), uint16(1), uint16(0))
	f.Add(uint8(0x23), uint8(3), uint16(4), uint16(1), uint16(0))
	f.Add(uint8(0x02), uint8(3), uint16(0), uint16(0x81), uint16(0))
	f.Add(uint8(0x21), uint8(10), uint16(0xffff), uint16(0), uint16(0))
	f.Fuzz(func(t *testing.T, typ, code uint8, value, index, length uint16) {
		m := usbtest.New(t)
		m.AddDrive("d", 1<<16)
		m.Add("qemu-xhci", "id", "x", "p2", 15, "p3", 15)
		var devices []*usb.Device
		for _, driver := range []string{
			"usb-tablet", "usb-mouse", "usb-kbd", "usb-wacom-tablet", "usb-hub", "usb-ccid", "usb-net", "usb-storage",
		} {
			props := []any{}
			if driver == "usb-storage" {
				props = []any{"drive", "d"}
			}
			devices = append(devices, usb.DeviceOf(&m.Add(driver, props...).Object))
		}
		for _, d := range devices {
			for _, configured := range []bool{false, true} {
				if configured {
					request(d, usb.Request{Code: 9, Value: 1})
				}
				p := request(d, usb.Request{Type: typ, Code: code, Value: value, Index: index, Length: length})
				if p.InFlight() || p.Actual > int(length) {
					t.Errorf("%s: %d of %d bytes, in flight %v", d.TypeName(), p.Actual, length, p.InFlight())
				}
			}
		}
	})
}

func request(d *usb.Device, r usb.Request) *usb.Packet {
	p := new(usb.Packet)
	p.Prepare(d.Endpoint(0, false), usb.Setup, 1)
	p.Request = r.Bytes()
	p.AddBytes(make([]byte, r.Length))
	p.Submit()
	return p
}
