package storage_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/usbtest"
	"github.com/qomd/qomd/qom"
)

// disk is a guest's driver for the bulk-only transport.
type disk struct {
	t   *testing.T
	g   *usbtest.Guest
	s   *usbtest.GuestSlot
	tag uint32
}

func newDisk(t *testing.T, g *usbtest.Guest, port int) *disk {
	t.Helper()
	s, code := g.Address(port, 0)
	if s == nil {
		t.Fatalf("not addressed: code %d", code)
	}
	if _, code := g.Control(s, usb.Request{Code: 9, Value: 1}, 0, nil); code != 1 {
		t.Fatalf("set configuration: code %d", code)
	}
	if a, b := g.Configure(s, 3, 6, 1024), g.Configure(s, 4, 2, 1024); a != 1 || b != 1 {
		t.Fatalf("configure endpoints: codes %d, %d", a, b)
	}
	return &disk{t: t, g: g, s: s}
}

// transfer moves data on an endpoint and returns it with the completion code.
func (d *disk) transfer(id, n int, data []byte) ([]byte, int) {
	buf := d.g.Alloc(max(n, 1))
	d.g.Poke(buf, data)
	d.g.QueueAt(d.s, id, buf, n)
	for _, e := range d.g.Events() {
		if e.Kind() == 32 {
			return d.g.Peek(buf, n-e.Left()), e.Code()
		}
	}
	d.t.Fatalf("transfer of %d bytes on endpoint %d does not end", n, id)
	return nil, 0
}

// command runs a command block; n bytes come in, or data goes out.
func (d *disk) command(lun byte, cdb []byte, n int, data []byte) (in []byte, residue uint32, status byte) {
	d.t.Helper()
	d.tag++
	le := binary.LittleEndian
	w := le.AppendUint32(le.AppendUint32(nil, 0x43425355), d.tag)
	if data != nil {
		w = append(le.AppendUint32(w, uint32(len(data))), 0, lun, byte(len(cdb)))
	} else {
		w = append(le.AppendUint32(w, uint32(n)), 0x80, lun, byte(len(cdb)))
	}
	w = append(append(w, cdb...), make([]byte, 16-len(cdb))...)
	if _, code := d.transfer(4, len(w), w); code != 1 {
		d.t.Fatalf("command %x: code %d", cdb, code)
	}
	if data != nil {
		if _, code := d.transfer(4, len(data), data); code != 1 {
			d.t.Fatalf("data of %x: code %d", cdb, code)
		}
	} else if n > 0 {
		in, _ = d.transfer(3, n, nil)
	}
	csw, _ := d.transfer(3, 13, nil)
	if len(csw) != 13 || le.Uint32(csw) != 0x53425355 || le.Uint32(csw[4:]) != d.tag {
		d.t.Fatalf("status of %x: %x", cdb, csw)
	}
	return in, le.Uint32(csw[8:]), csw[12]
}

func TestDisk(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x"))
	drive := m.AddDrive("d", 1<<20)
	m.Add("usb-storage", "id", "st", "drive", "d", "port", "1")
	d := newDisk(t, g, 1)

	if _, _, status := d.command(0, make([]byte, 6), 0, nil); status != 1 {
		t.Error("no unit attention after power on")
	}
	sense, _, _ := d.command(0, []byte{3, 0, 0, 0, 18, 0}, 18, nil)
	if len(sense) != 18 || sense[2] != 6 || sense[12] != 0x29 {
		t.Errorf("sense data %x, want that of a power on", sense)
	}
	if _, _, status := d.command(0, make([]byte, 6), 0, nil); status != 0 {
		t.Error("unit not ready")
	}
	inquiry, residue, status := d.command(0, []byte{0x12, 0, 0, 0, 36, 0}, 36, nil)
	if status != 0 || residue != 0 || string(inquiry[8:32]) != "QEMU    QEMU HARDDISK   " {
		t.Errorf("inquiry %q, residue %d, status %d", inquiry, residue, status)
	}
	capacity, _, _ := d.command(0, []byte{0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 8, nil)
	if diff := cmp.Diff([]byte{0, 0, 7, 0xff, 0, 0, 2, 0}, capacity); diff != "" {
		t.Errorf("capacity (-want +got):\n%s", diff)
	}
	// Two blocks written at block 3, and read back.
	data := bytes.Repeat([]byte("qomd"), 256)
	if _, _, status := d.command(0, []byte{0x2a, 0, 0, 0, 0, 3, 0, 0, 2, 0}, 0, data); status != 0 {
		t.Errorf("write: status %d", status)
	}
	if !bytes.Equal(drive.Data[3*512:5*512], data) {
		t.Error("written data is not on the drive")
	}
	got, _, status := d.command(0, []byte{0x28, 0, 0, 0, 0, 3, 0, 0, 2, 0}, 1024, nil)
	if status != 0 || !bytes.Equal(got, data) {
		t.Errorf("read: status %d, %d bytes", status, len(got))
	}
	// Beyond the end: an error, the data stage is all residue.
	if _, residue, status := d.command(0, []byte{0x28, 0, 0, 0, 8, 0, 0, 0, 1, 0}, 512, nil); status != 1 || residue != 512 {
		t.Errorf("read beyond the end: status %d, residue %d", status, residue)
	}
	m.Del("st")
	if drive.User != nil {
		t.Error("drive is still in use")
	}
}

// The disk behind usb-storage as a real session shows it.
func TestDiskTree(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "x")
	drive := m.AddDrive("disk0", 1<<20)
	d := m.Add("usb-storage", "id", "st", "drive", "disk0", "removable", true)
	if v, _ := d.Get("drive"); v != "" {
		t.Errorf("drive reads %q once the disk has it", v)
	}
	hd := d.ResolveFrom("st.0/legacy[0]")
	if hd == nil || hd.TypeName() != "scsi-hd" || drive.User != hd {
		t.Fatalf("the SCSI disk is %v", hd)
	}
	want := map[string]any{
		"drive": "disk0", "channel": int64(0), "scsi-id": uint64(0), "lun": uint64(0), "removable": true,
		"logical_block_size": uint64(512), "physical_block_size": uint64(512), "discard_granularity": uint64(4096),
		"cyls": uint64(2), "heads": uint64(16), "secs": uint64(63), "vendor": "QEMU", "product": "QEMU HARDDISK", "ver": "2.5+",
	}
	got := map[string]any{}
	for name := range want {
		got[name], _ = hd.Get(name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	if _, err := m.TryAdd("usb-storage", "id", "s2", "drive", "disk0"); err == nil ||
		err.Error() != "Property 'usb-storage.drive' can't take value 'disk0', it's in use" {
		t.Errorf("drive used twice: %v", err)
	}
	if _, err := m.TryAdd("usb-storage", "id", "s2", "drive", "no"); err == nil ||
		err.Error() != "Property 'usb-storage.drive' can't find value 'no'" {
		t.Errorf("drive that is not there: %v", err)
	}
	m.TakeEvents()
	m.Del("st")
	if diff := cmp.Diff([]string{
		"DEVICE_DELETED /machine/peripheral/st/st.0/legacy[0]", "DEVICE_DELETED st /machine/peripheral/st",
	}, m.TakeEvents()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	m.Add("usb-storage", "id", "st", "drive", "disk0")
}

// usb-uas and usb-bot are buses that users put disks on; the disks go with
// them, and before them.
func TestHostAdapters(t *testing.T) {
	m := usbtest.New(t)
	m.Add("qemu-xhci", "id", "x")
	m.AddDrive("disk0", 1<<20)
	for _, driver := range []string{"usb-uas", "usb-bot"} {
		a := m.Add(driver, "id", "a")
		if v, _ := a.Get("attached"); v != false {
			t.Errorf("%s is attached before its disks are there", driver)
		}
		m.Add("scsi-hd", "id", "hd", "bus", "a.0", "drive", "disk0")
		if _, err := m.TryAdd("scsi-cd", "bus", "a.0", "scsi-id", 1); err == nil || err.Error() != "bad scsi device id: 1" {
			t.Errorf("%s: target 1: %v", driver, err)
		}
		if _, err := m.TryAdd("scsi-cd", "bus", "a.0", "scsi-id", 0, "lun", 0); err == nil || err.Error() != "lun already used by 'hd'" {
			t.Errorf("%s: unit taken: %v", driver, err)
		}
		m.Add("scsi-cd", "id", "cd", "bus", "a.0", "lun", 1)
		m.TakeEvents()
		m.Del("a")
		if diff := cmp.Diff([]string{
			"DEVICE_DELETED cd /machine/peripheral/cd",
			"DEVICE_DELETED hd /machine/peripheral/hd",
			"DEVICE_DELETED a /machine/peripheral/a",
		}, m.TakeEvents()); diff != "" {
			t.Errorf("%s: events (-want +got):\n%s", driver, diff)
		}
	}
}

// Two units behind usb-bot, attached once they are there.
func TestUnits(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x"))
	bot := m.Add("usb-bot", "id", "a", "port", "1")
	m.AddDrive("d0", 1<<20)
	m.AddDrive("d1", 2<<20)
	m.Add("scsi-hd", "bus", "a.0", "lun", 0, "scsi-id", 0, "drive", "d0")
	m.Add("scsi-hd", "bus", "a.0", "lun", 1, "scsi-id", 0, "drive", "d1")
	if err := bot.Set("attached", qom.Value(true)); err != nil {
		t.Fatal(err)
	}
	d := newDisk(t, g, 1)
	most, _ := g.Control(d.s, usb.Request{Type: 0xa1, Code: 0xfe}, 1, nil)
	if diff := cmp.Diff([]byte{1}, most); diff != "" {
		t.Errorf("largest unit (-want +got):\n%s", diff)
	}
	for lun, last := range []byte{0x07, 0x0f} {
		d.command(byte(lun), make([]byte, 6), 0, nil) // unit attention
		c, _, status := d.command(byte(lun), []byte{0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 8, nil)
		if status != 0 || c[2] != last {
			t.Errorf("unit %d: capacity %x, status %d", lun, c, status)
		}
	}
	if err := bot.Set("attached", qom.Value(false)); err != nil {
		t.Fatal(err)
	}
	if g.PORTSC(1)&1 != 0 {
		t.Error("still connected")
	}
}

// queue puts a transfer on an endpoint that does not end at once.
func (d *disk) queue(id int, data []byte, n int) (buf uint64) {
	d.t.Helper()
	buf = d.g.Alloc(n)
	d.g.Poke(buf, data)
	d.g.QueueAt(d.s, id, buf, n)
	for _, e := range d.g.Events() {
		d.t.Fatalf("event %+v", e)
	}
	return buf
}

// readBlocks is the wrapper of a command that reads two blocks from block 3.
func readBlocks() []byte {
	w := make([]byte, 31)
	binary.LittleEndian.PutUint32(w, 0x43425355)
	binary.LittleEndian.PutUint32(w[8:], 1024)
	w[12], w[14] = 0x80, 10
	copy(w[15:], []byte{0x28, 0, 0, 0, 0, 3, 0, 0, 2, 0})
	return w
}

// Packets wait for the drive, and nobody waits for them: the disk may be
// unplugged meanwhile, and stays allocated until the drive has answered.
func TestInFlight(t *testing.T) {
	m := usbtest.New(t)
	g := m.Boot(m.Add("qemu-xhci", "id", "x"))
	drive := m.AddDrive("d", 1<<20)
	st := m.Add("usb-storage", "id", "st", "drive", "d", "port", "1")
	d := newDisk(t, g, 1)
	d.command(0, make([]byte, 6), 0, nil) // unit attention
	copy(drive.Data[3*512:], "qomd")

	drive.Held = true
	d.transfer(4, 31, readBlocks())
	buf := d.queue(3, nil, 1024)
	drive.Answer()
	if e := g.Events(); len(e) != 1 || e[0].Code() != 1 || string(g.Peek(buf, 4)) != "qomd" {
		t.Errorf("events %+v, data %q", e, g.Peek(buf, 4))
	}
	if csw, _ := d.transfer(3, 13, nil); len(csw) != 13 || csw[12] != 0 {
		t.Errorf("status %x", csw)
	}
	// A status that is asked for while data is still being written.
	write := readBlocks()
	write[12], write[15] = 0, 0x2a
	d.transfer(4, 31, write)
	d.queue(4, bytes.Repeat([]byte{7}, 1024), 1024)
	d.queue(3, nil, 13)
	drive.Answer()
	if e := g.Events(); len(e) != 2 || drive.Data[5*512-1] != 7 {
		t.Errorf("events %+v", e)
	}
	// An error of the host.
	d.transfer(4, 31, readBlocks())
	d.queue(3, nil, 1024)
	drive.Fail = io.ErrUnexpectedEOF
	drive.Answer()
	g.Events()
	drive.Held = false
	if csw, _ := d.transfer(3, 13, nil); len(csw) != 13 || csw[12] != 1 || csw[9] != 4 {
		t.Errorf("status of a read that failed %x", csw)
	}
	sense, _, _ := d.command(0, []byte{3, 0, 0, 0, 18, 0}, 18, nil)
	if sense[2] != 11 || sense[13] != 6 {
		t.Errorf("sense data %x", sense)
	}
	drive.Fail, drive.Held = nil, true
	d.transfer(4, 31, readBlocks())
	buf = d.queue(3, nil, 1024)
	storage := st.Storage()
	m.TakeEvents()
	m.Del("st")
	if got := m.TakeEvents(); len(got) != 0 || storage.Freed() {
		t.Errorf("events %q while the drive works", got)
	}
	drive.Answer()
	m.Settle()
	if diff := cmp.Diff([]string{
		"DEVICE_DELETED /machine/peripheral/st/st.0/legacy[0]", "DEVICE_DELETED st /machine/peripheral/st",
	}, m.TakeEvents()); diff != "" || !storage.Freed() {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if string(g.Peek(buf, 4)) == "qomd" {
		t.Error("data of a disk that had left")
	}
}
