package devices_test

import (
	"testing"

	"github.com/qomd/qomd/qmp/qmptest"
)

// Drives find room on controllers that users add, and their sizes are settled
// and checked as in QEMU 11.1.3.
func TestDrives(t *testing.T) {
	m := qmptest.Start(t, qmptest.Args("-machine", "q35", "-nodefaults",
		"-blockdev", `{"driver": "null-co", "node-name": "a", "size": 1048576}`,
		"-blockdev", `{"driver": "null-co", "node-name": "b", "size": 1048576}`,
		"-blockdev", `{"driver": "null-co", "node-name": "c", "size": 1048576}`,
		"-device", "ich9-ahci,id=ahci", "-device", "ide-hd,id=hd,bus=ahci.5,drive=a",
		"-device", "isa-ide,id=card", "-device", "ide-cf,id=cf,bus=card.0,drive=b",
		"-device", "isa-fdc,id=fdc", "-device", "floppy,id=fd,bus=fdc.0",
		"-device", "nvme,id=ctl,serial=s", "-device", "nvme-ns,id=ns,drive=c",
		"-device", "qemu-xhci,id=xhci"))
	c := m.Client()
	for _, w := range []struct {
		path, prop string
		want       any
	}{
		{"hd", "parent_bus", "/machine/peripheral/ahci/ahci.5"}, {"cf", "parent_bus", "/machine/peripheral/card/card.0"},
		{"fd", "parent_bus", "/machine/peripheral/fdc/fdc.0"},
		{"hd", "cyls", 2.}, {"cf", "heads", 16.}, {"hd", "bios-chs-trans", "none"},
		{"ns", "logical_block_size", 512.}, {"ns", "discard_granularity", 4096.}, {"/machine/peripheral/ctl", "max_ioqpairs", 64.},
	} {
		var got any
		c.Must("qom-get", qmptest.A{"path": w.path, "property": w.prop}, &got)
		if got != w.want {
			t.Errorf("%s of %s is %v, want %v", w.prop, w.path, got, w.want)
		}
	}
	c.Must("blockdev-add", qmptest.A{"driver": "null-co", "node-name": "d"})
	for _, w := range []struct {
		props qmptest.A
		want  string
	}{
		{qmptest.A{"logical_block_size": 4096}, "logical_block_size > physical_block_size not supported"},
		{qmptest.A{"min_io_size": 1000}, "min_io_size must be a multiple of logical_block_size"},
		{qmptest.A{"min_io_size": 1024, "opt_io_size": 700}, "opt_io_size must be a multiple of logical_block_size"},
		{qmptest.A{"discard_granularity": 600}, "discard_granularity must be a multiple of logical_block_size"},
	} {
		w.props["driver"], w.props["drive"] = "usb-storage", "d"
		if got := c.MustFail("device_add", w.props); got != w.want {
			t.Errorf("%v: %s, want %s", w.props, got, w.want)
		}
	}
}

// What a guest writes to the port of isa-debugcon arrives at its character
// device.
func TestDebugConsole(t *testing.T) {
	m := qmptest.Start(t, qmptest.Args("-machine", "q35", "-nodefaults",
		"-chardev", "ringbuf,id=ring,size=64", "-device", "isa-debugcon,iobase=0x402,chardev=ring"))
	for _, b := range []byte("hello") {
		m.Out(0x402, 1, uint64(b))
	}
	readback := m.In(0x402, 1)
	var got string
	m.Client().Must("ringbuf-read", qmptest.A{"device": "ring", "size": 64}, &got)
	if got != "hello" || readback != 0xe9 {
		t.Errorf("read %q from the device and %#x from the port", got, readback)
	}
}
