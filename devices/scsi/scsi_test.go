package scsi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/scsi"
	"github.com/qomd/qomd/devices/usb/usbtest"
)

func TestErrors(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "x")
	m.Add("usb-uas", "id", "a")
	m.AddDrive("disk0", 1<<20)
	for _, tc := range []struct {
		driver string
		props  []any
		err    string
	}{
		{"scsi-hd", []any{"drive", "disk0", "scsi-id", 256}, "bad scsi device id: 256"},
		{"scsi-hd", []any{"drive", "disk0", "lun", 16384}, "bad scsi device lun: 16384"},
		{"scsi-hd", []any{"drive", "disk0", "channel", 1}, "bad scsi channel id: 1"},
		{"scsi-hd", []any{"drive", "disk0", "scsi-id", -2}, "Parameter 'scsi-id' expects uint32_t"},
		{"scsi-hd", nil, "drive property not set"},
		{"scsi-cd", []any{"id", "cd", "scsi-id", 0}, ""},
		{"scsi-hd", []any{"drive", "disk0", "scsi-id", 0, "lun", 0}, "lun already used by 'cd'"},
		{"scsi-hd", []any{"drive", "disk0", "id", "hd"}, "no free target"},
		{"scsi-hd", []any{"drive", "disk0", "scsi-id", 0, "lun", 1, "id", "hd"}, ""},
		{"scsi-generic", []any{"scsi-id", 0}, "drive property not set"},
	} {
		got := ""
		if _, err := m.TryAdd(tc.driver, tc.props...); err != nil {
			got = err.Error()
		}
		if got != tc.err {
			t.Errorf("%s %v: %q, want %q", tc.driver, tc.props, got, tc.err)
		}
		m.Check()
	}
	m.AddDrive("disk1", 512)
	if _, err := m.TryAdd("scsi-generic", "scsi-id", 0, "drive", "disk1"); err == nil ||
		err.Error() != "cannot get SG_IO version number: Operation not supported" {
		t.Errorf("scsi-generic: %v", err)
	}
}

// disks makes a disk and an empty drive.
func disks(tb testing.TB) (hd, cd *scsi.Device) {
	m := usbtest.New(tb)
	m.AddDrive("d", 1<<16)
	m.Add("qemu-xhci", "id", "x")
	m.Add("usb-uas", "id", "a")
	hd = m.Add("scsi-hd", "bus", "a.0", "scsi-id", 0, "lun", 0, "drive", "d", "serial", "S").Self().(*scsi.Disk).SCSI()
	cd = m.Add("scsi-cd", "bus", "a.0", "scsi-id", 0, "lun", 1).Self().(*scsi.Disk).SCSI()
	return hd, cd
}

// buffer is a guest's memory.
type buffer []byte

func (b buffer) WriteAt(p []byte, off int64) (int, error) { return copy(b[off:], p), nil }
func (b buffer) ReadAt(p []byte, off int64) (int, error)  { return copy(p, b[off:]), nil }

func data(r *scsi.Request) []byte {
	b := make(buffer, r.Len)
	r.Read(b, r.Len, func(n int64) { b = b[:n] })
	return b
}

func TestCommands(t *testing.T) {
	hd, cd := disks(t)
	for _, d := range []*scsi.Device{hd, cd} {
		if r := d.Start(make([]byte, 6)); r.Status != 2 || r.Sense != (scsi.Sense{Key: 6, Code: 0x29}) {
			t.Errorf("first command: status %d, sense %+v", r.Status, r.Sense)
		}
	}
	if r := hd.Start(make([]byte, 6)); r.Status != 0 {
		t.Errorf("disk is not ready: %+v", r.Sense)
	}
	if r := cd.Start(make([]byte, 6)); r.Sense != (scsi.Sense{Key: 2, Code: 0x3a}) {
		t.Errorf("empty drive: %+v", r.Sense)
	}
	luns := data(hd.Start([]byte{0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0}))
	if diff := cmp.Diff(byte(16), luns[3]); diff != "" {
		t.Errorf("length of the list of units (-want +got):\n%s", diff)
	}
	if page := data(hd.Start([]byte{0x12, 1, 0x80, 0, 255, 0})); string(page[4:]) != "S" {
		t.Errorf("serial number page %q", page)
	}
	if r := cd.Start([]byte{0x12, 1, 0x80, 0, 255, 0}); r.Status != 2 {
		t.Error("serial number page of a drive without")
	}
	if b := data(cd.Start([]byte{0x12, 0, 0, 0, 36, 0})); b[0] != 5 || b[1] != 0x80 {
		t.Errorf("inquiry of the drive %x", b)
	}
	if r := hd.Start([]byte{0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0, 0}); r.Sense != (scsi.Sense{Key: 5, Code: 0x21}) {
		t.Errorf("read far beyond the end: %+v", r.Sense)
	}
}

// Any command block is answered, and moves no more than it says.
func FuzzStart(f *testing.F) {
	f.Add([]byte{0x12, 0, 0, 0, 36, 0}, 36)
	f.Add([]byte{0x28, 0, 0, 0, 0, 3, 0, 0, 2, 0}, 1024)
	f.Add([]byte{0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 255, 0}, 64)
	f.Add([]byte{0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}, 7)
	f.Fuzz(func(t *testing.T, cdb []byte, n int) {
		if n < 0 || n > 1<<16 || len(cdb) > 16 {
			return
		}
		hd, cd := disks(t)
		for _, d := range []*scsi.Device{hd, cd, hd, cd} {
			r := d.Start(cdb)
			p := make(buffer, n)
			moved := int64(0)
			count := func(n int64) { moved += n }
			r.Read(p, int64(n), count)
			r.Write(p, int64(n), count)
			r.Finish(func() { count(0) })
			if moved > r.Len || moved > int64(n) || r.Left() != r.Len-moved {
				t.Errorf("command %x: %d of %d bytes moved, %d left", cdb, moved, r.Len, r.Left())
			}
		}
	})
}
