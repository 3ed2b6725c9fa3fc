package virtio_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/virtio"
)

// Ports take numbers and names by QEMU's rules.
func TestPorts(t *testing.T) {
	r := newRig(t)
	r.must(r.add(`{"driver": "virtio-serial-pci", "id": "vs", "max_ports": 3}`))
	for _, c := range []struct{ args, err string }{
		{`{"driver": "virtserialport", "nr": 0}`,
			"Port number 0 on virtio-serial devices reserved for virtconsole devices for backward compatibility."},
		{`{"driver": "virtserialport", "nr": 1, "id": "a", "name": "x"}`, ""},
		{`{"driver": "virtserialport", "nr": 1, "id": "b"}`, "virtio-serial-bus: A port already exists at id 1"},
		{`{"driver": "virtserialport", "nr": 3, "id": "c"}`, "virtio-serial-bus: Out-of-range port id specified, max. allowed: 2"},
		{`{"driver": "virtserialport", "id": "d", "name": "x"}`, "virtio-serial-bus: A port already exists by name x"},
		{`{"driver": "virtserialport", "id": "e"}`, ""},
		{`{"driver": "virtserialport", "id": "f"}`, "virtio-serial-bus: Out-of-range port id specified, max. allowed: 2"},
		{`{"driver": "virtconsole", "id": "con"}`, ""},
	} {
		_, err := r.add(c.args)
		if got := text(err); got != c.err {
			t.Errorf("%s: %q, want %q", c.args, got, c.err)
		}
	}
	if r.get("/machine/peripheral/e", "nr") != uint64(2) || r.get("/machine/peripheral/con", "nr") != uint64(0) {
		t.Error("numbers given are wrong")
	}
	const bus = "/machine/peripheral/vs/virtio-backend/vs.0"
	if got := r.get("/machine/peripheral/e", "parent_bus"); got != bus {
		t.Errorf("parent bus %v", got)
	}
	if got := r.get(bus, "hotplug-handler"); got != "/machine/peripheral/vs/virtio-backend" {
		t.Errorf("handler %v", got)
	}
	if got := r.del("a"); !cmp.Equal(got, []string{"a /machine/peripheral/a"}) {
		t.Errorf("events %q", got)
	}
	want := []string{"con /machine/peripheral/con", "e /machine/peripheral/e",
		"/machine/peripheral/vs/virtio-backend", "vs /machine/peripheral/vs"}
	if got := r.del("vs"); !cmp.Equal(got, want) {
		t.Errorf("events %q", got)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// The driver learns about ports through the control queue, and the monitors
// about those it opens.
func TestSerialControl(t *testing.T) {
	both(t, func(t *testing.T, modern bool) {
		r := newRig(t)
		dev := r.must(r.add(`{"driver": "virtio-serial-pci", "id": "vs"}`))
		r.must(r.add(`{"driver": "virtserialport", "id": "p", "name": "org.qomd", "nr": 3}`))
		d := newDriver(r, dev, modern)
		d.start(10, 0)
		in, out := d.queues[2], d.queues[3]
		for i := range 8 {
			in.offer(buf{dataBase + uint64(i)*64, 64, true})
		}
		in.kick()
		tell := func(port uint32, event, value uint16) {
			r.mem.WriteN(dataBase+0x1000, 4, uint64(port))
			r.mem.WriteN(dataBase+0x1004, 2, uint64(event))
			r.mem.WriteN(dataBase+0x1006, 2, uint64(value))
			out.offer(buf{dataBase + 0x1000, 8, false})
			out.kick()
		}
		tell(0xffffffff, 0, 1)
		tell(3, 3, 1)
		tell(3, 6, 1)
		var got []string
		for _, c := range in.completed() {
			p := make([]byte, c.len)
			r.mem.Read(dataBase+uint64(c.head)*64, p)
			got = append(got, string(rune('0'+p[0]))+":"+string(rune('0'+p[4]))+string(p[8:]))
		}
		if want := []string{"3:1", "3:7org.qomd\x00"}; !cmp.Equal(got, want) {
			t.Errorf("messages %q", got)
		}
		port := r.env.Peripheral.Child("p").Self().(*virtio.Port)
		if !port.Open() {
			t.Error("the port is not open")
		}
		if n := len(out.completed()); n != 3 {
			t.Errorf("%d messages came back", n)
		}
		if got := r.del("p"); !cmp.Equal(got, []string{"VSERPORT_CHANGE", "VSERPORT_CHANGE", "p /machine/peripheral/p"}) {
			t.Errorf("events %q", got)
		}
		d.setStatus(0)
	})
}

// A driver starts every kind of device, uses its queues, and stops it.
func TestStartStop(t *testing.T) {
	for _, typ := range []string{
		"virtio-net-pci", "virtio-rng-pci", "virtio-balloon-pci", "virtio-scsi-pci", "virtio-serial-pci",
	} {
		t.Run(typ, func(t *testing.T) {
			both(t, func(t *testing.T, modern bool) {
				r := newRig(t)
				dev := r.must(r.add(`{"driver": "` + typ + `", "id": "x"}`))
				backend := virtio.From(dev.Child("virtio-backend"))
				d := newDriver(r, dev, modern)
				for range 2 {
					d.start(backend.Queues(), 0)
					for i, q := range d.queues {
						q.offer(buf{dataBase, 128, false}, buf{dataBase + 0x1000, 256, true})
						q.kick()
						want := 0
						if typ == "virtio-balloon-pci" && i == 2 {
							want = 1 // statistics stay until newer ones are wanted
						}
						if n := backend.Queue(i).InFlight(); n != want {
							t.Errorf("queue %d keeps %d elements, want %d", i, n, want)
						}
					}
					if backend.Broken() {
						t.Error("the device is broken")
					}
					d.setStatus(0)
					if d.status() != 0 || backend.Running() {
						t.Error("the device goes on")
					}
					for i := range d.queues {
						if n := backend.Queue(i).InFlight(); n != 0 {
							t.Errorf("queue %d keeps %d elements after a reset", i, n)
						}
					}
				}
				if got := r.del("x"); len(got) != 2 {
					t.Errorf("events %q", got)
				}
			})
		})
	}
}

// The default backend of virtio-rng is its child; a user's may go at any time.
func TestRNG(t *testing.T) {
	r := newRig(t)
	objects := r.env.Tree.Root().Child("objects")
	r.child(objects, "r0", "rng-builtin")
	dev := r.must(r.add(`{"driver": "virtio-rng-pci", "id": "own"}`))
	r.must(r.add(`{"driver": "virtio-rng-pci", "id": "user", "rng": "r0"}`))
	if got := r.get("/machine/peripheral/own", "rng"); got != "/machine/peripheral/own/virtio-backend/default-backend" {
		t.Errorf("rng %v", got)
	}
	if got := r.get("/machine/peripheral/user", "rng"); got != "/objects/r0" {
		t.Errorf("rng %v", got)
	}
	objects.Child("r0").Unparent()
	if got := r.get("/machine/peripheral/user", "rng"); got != "" {
		t.Errorf("rng %v", got)
	}
	d := newDriver(r, dev, true)
	d.start(1, 0)
	d.queues[0].offer(buf{dataBase, 64, true})
	d.queues[0].kick()
	var p [64]byte
	r.mem.Read(dataBase, p[:])
	if c := d.queues[0].completed(); len(c) != 1 || c[0].len != 64 || p == ([64]byte{}) {
		t.Errorf("completed %v, %x", c, p)
	}
}

// There is one balloon; the guest tells how much it gave up.
func TestBalloon(t *testing.T) {
	r := newRig(t)
	dev := r.must(r.add(`{"driver": "virtio-balloon-pci", "id": "b"}`))
	if _, err := r.add(`{"driver": "virtio-balloon-pci"}`); text(err) != "Only one balloon device is supported" {
		t.Errorf("second balloon: %v", err)
	}
	balloon := virtio.BalloonOf(r.env)
	d := newDriver(r, dev, true)
	d.start(3, 0)
	balloon.SetTarget(100 << 20)
	if v, _ := r.mem.ReadN(d.caps[4], 4); v != 28<<20>>12 {
		t.Errorf("target of %d pages", v)
	}
	if d.isr() != 3 {
		t.Error("the driver is not told")
	}
	r.mem.WriteN(d.caps[4]+4, 4, 28<<20>>12)
	if balloon.Actual() != 100<<20 {
		t.Errorf("actual %d", balloon.Actual())
	}
	if got := r.settle(); !cmp.Equal(got, []string{"BALLOON_CHANGE"}) {
		t.Errorf("events %q", got)
	}
}

// Commands reach the disks of virtio-scsi; disks that come and go are told.
func TestSCSI(t *testing.T) {
	r := newRig(t)
	dev := r.must(r.add(`{"driver": "virtio-scsi-pci", "id": "scsi"}`))
	disk := r.disk("d0", 1<<20, 0)
	disk.data[512] = 0x77
	d := newDriver(r, dev, true)
	d.start(3, 0)
	events, q := d.queues[1], d.queues[2]
	events.offer(buf{dataBase + 0x8000, 16, true})
	events.offer(buf{dataBase + 0x8010, 16, true})
	events.kick()
	r.must(r.add(`{"driver": "scsi-hd", "id": "hd", "drive": "d0", "scsi-id": 2}`))
	if got := r.get("/machine/peripheral/hd", "parent_bus"); got != "/machine/peripheral/scsi/virtio-backend/scsi.0" {
		t.Errorf("parent bus %v", got)
	}
	if c := events.completed(); len(c) != 1 || c[0].len != 16 {
		t.Errorf("events %v", c)
	}
	command := func(target byte, data int, cdb ...byte) []byte {
		head := make([]byte, 51)
		head[0], head[1], head[2] = 1, target, 0x40
		copy(head[19:], cdb)
		r.mem.Write(dataBase, head)
		q.offer(buf{dataBase, 51, false}, buf{dataBase + 0x1000, 108, true}, buf{dataBase + 0x2000, data, true})
		q.kick()
		resp := make([]byte, 108)
		r.mem.Read(dataBase+0x1000, resp)
		return resp
	}
	if resp := command(2, 96, 0x00, 0, 0, 0, 0, 0); resp[10] != 2 || binary.LittleEndian.Uint32(resp) != 18 {
		t.Errorf("no unit attention: % x", resp[:16])
	}
	if resp := command(2, 36, 0x12, 0, 0, 0, 36, 0); resp[10] != 0 || resp[11] != 0 {
		t.Errorf("inquiry failed: % x", resp[:16])
	}
	if resp := command(5, 36, 0x12, 0, 0, 0, 36, 0); resp[11] != 3 {
		t.Errorf("inquiry of nobody: % x", resp[:16])
	}
	want := []string{"hd /machine/peripheral/hd"}
	if got := r.del("hd"); !cmp.Equal(got, want) {
		t.Errorf("events %q", got)
	}
	if c := events.completed(); len(c) != 1 {
		t.Errorf("events %v", c)
	}
	r.must(r.add(`{"driver": "scsi-hd", "id": "hd", "drive": "d0"}`))
	r.must(r.add(`{"driver": "scsi-cd", "id": "cd"}`))
	want = []string{"cd /machine/peripheral/cd", "hd /machine/peripheral/hd",
		"/machine/peripheral/scsi/virtio-backend", "scsi /machine/peripheral/scsi"}
	if got := r.del("scsi"); !cmp.Equal(got, want) {
		t.Errorf("events %q", got)
	}
}

// Network cards get addresses in order; one that was given back is used again.
func TestAddresses(t *testing.T) {
	r := newRig(t)
	for i, want := range []string{"52:54:00:12:34:56", "52:54:00:12:34:57"} {
		id := string(rune('a' + i))
		r.must(r.add(`{"driver": "virtio-net-pci", "id": "` + id + `"}`))
		if got := r.get("/machine/peripheral/"+id, "mac"); got != want {
			t.Errorf("%s has %v", id, got)
		}
	}
	r.del("a")
	r.must(r.add(`{"driver": "virtio-net-pci", "id": "c"}`))
	if got := r.get("/machine/peripheral/c", "mac"); got != "52:54:00:12:34:56" {
		t.Errorf("c has %v", got)
	}
}
