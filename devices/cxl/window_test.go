package cxl_test

import (
	"fmt"
	"testing"

	"github.com/qomd/qomd/qmp/qmptest"
)

// hosted is a machine with a window, a host bridge that decodes, a port and a
// memory expander whose registers [reach] shows at 0xe0000000.
var hosted = []qmptest.Option{
	qmptest.Q35(), qmptest.GuestNone(), qmptest.Args("-m", "128M", "-machine", "cxl=on,cxl-fmw.0.targets.0=h,cxl-fmw.0.size=256M"),
	qmptest.Object("memory-backend-ram,id=v,size=256M"), qmptest.Device("pxb-cxl,id=h,bus_nr=12,hdm_for_passthrough=on"),
	qmptest.Device("cxl-rp,id=rp,bus=h,chassis=1,port=3"), qmptest.Device("cxl-type3,id=t,bus=rp,volatile-memdev=v"),
}

const (
	hostRegisters   = 0x100000000
	windowAt        = 0x110000000
	deviceRegisters = 0xe0000000
	firstDecoder    = 0x1138
)

// reach numbers the bus behind the port and shows the device's registers.
var reach = []string{
	"> outl 0xcf8 0x800c0018", "> outl 0xcfc 0xd0d0c", "> outl 0xcf8 0x800c0020", "> outl 0xcfc 0xe010e000",
	"> outl 0xcf8 0x800c0004", "> outw 0xcfc 6", "> outl 0xcf8 0x800d0010", "> outl 0xcfc 0xe0000000",
	"> outl 0xcf8 0x800d0004", "> outw 0xcfc 6",
}

// decode commits the first decoder of a component for the window.
func decode(component uint64, more uint32) []string {
	at := component + firstDecoder
	return []string{
		fmt.Sprintf("> writel %#x 0x10000000", at), fmt.Sprintf("> writel %#x 1", at+4), fmt.Sprintf("> writel %#x 0x10000000", at+8),
		fmt.Sprintf("> writel %#x %#x", at+0x14, more), fmt.Sprintf("> writel %#x 0x200", at+0x10),
	}
}

// A device's memory shows while decoders lead there: until a reset, and not
// without the device.
func TestWindowLeadsToDevice(t *testing.T) {
	m := qmptest.Start(t, hosted...)
	c := m.Client()
	store, there, empty := fmt.Sprintf("> writeq %#x 0x1122", windowAt+8), fmt.Sprintf("> readq %#x", windowAt+8), "< OK 0x0000000000000000"
	m.Play(append(reach, store, there, empty)...)
	m.Play(decode(deviceRegisters, 0)...)
	m.Play(store, there, empty)
	m.Play(decode(hostRegisters, 3)...)
	m.Play(store, there, "< OK 0x0000000000001122")

	target, tc := moved(t, c, hosted)
	tc.Must("cont", nil)
	target.Play(there, "< OK 0x0000000000001122", fmt.Sprintf("> readl %#x", hostRegisters+firstDecoder+0x10), "< OK 0x0000000000000600")

	tc.Must("system_reset", nil)
	target.Play(there, empty)
	target.Play(append(append(reach, decode(deviceRegisters, 0)...), decode(hostRegisters, 3)...)...)
	target.Play(there, "< OK 0x0000000000001122")
	tc.Must("device_del", qmptest.A{"id": "t"})
	target.Play("> outl 0xcf8 0x800c008c", "> outw 0xcfc 0x7c0") // the slot's power goes
	for e := tc.Await("DEVICE_DELETED"); e.Member("device") != "t"; e = tc.Await("DEVICE_DELETED") {
	}
	target.Play(store, there, empty)
}
