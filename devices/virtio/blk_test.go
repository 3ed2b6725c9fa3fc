package virtio_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qom/qomtest"
)

// both runs a test through the modern and through the legacy registers.
func both(t *testing.T, f func(t *testing.T, modern bool)) {
	t.Run("modern", func(t *testing.T) { f(t, true) })
	t.Run("legacy", func(t *testing.T) { f(t, false) })
}

// A driver writes sectors and reads them again.
func TestBlkReadWrite(t *testing.T) {
	both(t, func(t *testing.T, modern bool) {
		r := newRig(t)
		disk := r.disk("d0", 1<<20, 0)
		d := newDriver(r, r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`)), modern)
		d.start(1, 0)
		q := d.queues[0]

		want := bytes.Repeat([]byte("qomd"), 256)
		addr, head := q.blkRequest(0, 1, 3, len(want))
		r.mem.Write(addr, want)
		q.kick()
		if got := q.completed(); !cmp.Equal(got, []done{{uint32(head), 1}}, cmp.AllowUnexported(done{})) {
			t.Fatalf("write completed as %v", got)
		}
		if s := q.blkStatus(0); s != 0 {
			t.Fatalf("write ended with status %d", s)
		}
		if !bytes.Equal(disk.data[3*512:3*512+len(want)], want) {
			t.Error("the disk has something else")
		}
		if d.isr() != 1 || d.isr() != 0 {
			t.Error("interrupt status is not read once")
		}

		addr, _ = q.blkRequest(1, 0, 3, len(want))
		q.kick()
		got := make([]byte, len(want))
		r.mem.Read(addr, got)
		if c := q.completed(); len(c) != 1 || c[0].len != uint32(len(want)+1) || !bytes.Equal(got, want) {
			t.Errorf("read completed as %v", c)
		}

		q.blkRequest(2, 0, 1<<20/512, 512) // behind the end
		q.blkRequest(3, 99, 0, 0)          // no such request
		q.blkRequest(4, 4, 0, 0)           // flush
		q.kick()
		if s := [...]byte{q.blkStatus(2), q.blkStatus(3), q.blkStatus(4)}; s != [...]byte{1, 2, 0} {
			t.Errorf("statuses %v", s)
		}
		want2 := []string{"/machine/peripheral/vb/virtio-backend", "vb /machine/peripheral/vb"}
		if got := r.del("vb"); !cmp.Equal(got, want2) {
			t.Errorf("events %q", got)
		}
	})
}

// With 32 requests in flight the device is ejected: nothing waits, and it goes
// when the last request has completed.
func TestBlkEjectInFlight(t *testing.T) {
	both(t, func(t *testing.T, modern bool) {
		r := newRig(t)
		r.disk("d0", 1<<20, time.Second)
		dev := r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`))
		backend := virtio.From(dev.Child("virtio-backend"))
		d := newDriver(r, dev, modern)
		d.start(1, 0)
		q := d.queues[0]
		const n = 32
		for i := range n {
			addr, _ := q.blkRequest(i, 0, uint64(i), 512)
			r.mem.Write(addr, bytes.Repeat([]byte{0x55}, 512))
			q.kick()
			if i < n/2 {
				r.clock.advance(time.Millisecond)
			}
		}
		queue := backend.Queue(0)
		if queue.InFlight() != n {
			t.Fatalf("%d in flight", queue.InFlight())
		}
		r.clock.advance(time.Second - 16*time.Millisecond)
		first := len(q.completed())
		storage := dev.Storage()
		if first == 0 || first == n {
			t.Fatalf("%d completed before the eject", first)
		}
		if got := r.del("vb"); len(got) != 0 {
			t.Fatalf("events %q while requests are in flight", got)
		}
		qomtest.Check(t, r.env.Tree)
		holds := map[string]int{}
		for _, h := range backend.Holds() {
			holds[h.Kind().String()]++
		}
		if want := map[string]int{"pending-io": n - first}; !cmp.Equal(holds, want) {
			t.Errorf("held by %v, want %v", holds, want)
		}
		freed := 0
		dev.OnFree(func() { freed++ })
		r.clock.advance(time.Minute)
		want := []string{"/machine/peripheral/vb/virtio-backend", "vb /machine/peripheral/vb"}
		if got := r.settle(); !cmp.Equal(got, want) {
			t.Errorf("events %q", got)
		}
		if !storage.Freed() || freed != 1 {
			t.Errorf("storage freed %d times", freed)
		}
		if got := len(q.completed()); got != 0 {
			t.Errorf("%d requests completed after the device had gone", got)
		}
		for i := range n {
			var p [1]byte
			r.mem.Read(uint64(dataBase+i*0x10000+512), p[:])
			if i >= first && (p[0] != 0x55 || q.blkStatus(i) != 0xee) {
				t.Errorf("request %d wrote to memory that is not the device's any more", i)
			}
		}
	})
}

// A driver that resets the device while requests are in flight starts again
// with a clean ring.
func TestBlkResetInFlight(t *testing.T) {
	both(t, func(t *testing.T, modern bool) {
		r := newRig(t)
		r.disk("d0", 1<<20, time.Second)
		dev := r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`))
		d := newDriver(r, dev, modern)
		d.start(1, 0)
		for i := range 4 {
			d.queues[0].blkRequest(i, 0, 0, 512)
		}
		d.queues[0].kick()
		d.start(1, 0)
		d.queues[0].blkRequest(9, 0, 0, 512)
		d.queues[0].kick()
		r.clock.advance(time.Minute)
		if got := d.queues[0].completed(); len(got) != 1 || d.queues[0].blkStatus(9) != 0 {
			t.Errorf("completed %v", got)
		}
		for i := range 4 {
			if d.queues[0].blkStatus(i) != 0xee {
				t.Errorf("request %d completed after the reset", i)
			}
		}
	})
}

// What was being written when the driver reset the device, or the device was
// unplugged, still gets to the disk, and never after what was written later.
func TestBlkOrphanWrites(t *testing.T) {
	both(t, func(t *testing.T, modern bool) {
		r := newRig(t)
		disk := r.disk("d0", 1<<20, time.Second)
		d := newDriver(r, r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`)), modern)
		n := 0
		write := func(text string, sector uint64) uint64 {
			addr, _ := d.queues[0].blkRequest(n, 1, sector, 512)
			n++
			r.mem.Write(addr, bytes.Repeat([]byte(text), 512))
			d.queues[0].kick()
			return addr
		}
		d.start(1, 0)
		write("a", 0)
		d.start(1, 0)
		disk.Latency = time.Millisecond
		write("b", 0)
		r.clock.advance(10 * time.Millisecond)
		if len(d.queues[0].completed()) != 0 || disk.data[0] != 0 {
			t.Error("a request passed one from before the reset")
		}
		r.clock.advance(time.Second - 10*time.Millisecond)
		if disk.data[0] != 'a' {
			t.Errorf("the disk has %q, what was written before the reset is missing", disk.data[0])
		}
		r.clock.advance(time.Millisecond)
		if len(d.queues[0].completed()) != 1 || disk.data[0] != 'b' {
			t.Errorf("the disk has %q, what was written after the reset is missing", disk.data[0])
		}
		disk.Latency = time.Second
		addr := write("c", 1)
		if got := r.del("vb"); len(got) != 0 {
			t.Errorf("events %q while a request is in flight", got)
		}
		r.mem.Write(addr, make([]byte, 512))
		r.clock.advance(time.Second)
		if disk.data[512] != 'c' || disk.data[1023] != 'c' {
			t.Errorf("the disk has %q, what was written before the unplug is missing", disk.data[512])
		}
		if got := r.settle(); len(got) != 2 {
			t.Errorf("events %q", got)
		}
	})
}

// The ledger names each request and the memory it uses.
func TestBlkHolders(t *testing.T) {
	r := newRig(t)
	r.disk("d0", 1<<20, time.Second)
	r.must(r.add(`{"driver": "edu", "id": "victim"}`))
	victim := r.env.Peripheral.Child("victim")
	fn := r.bus.Functions()
	edu := fn[len(fn)-1]
	r.bus.WriteConfig(0, edu.Devfn(), 0x10, 4, 0xd0000000)
	r.bus.WriteConfig(0, edu.Devfn(), 4, 2, 6)
	d := newDriver(r, r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`)), true)
	d.start(1, 0)
	q := d.queues[0]
	r.mem.WriteN(dataBase, 8, 0)
	r.mem.WriteN(dataBase+8, 8, 0)
	q.offer(buf{dataBase, 16, false}, buf{0xd0000000, 512, true}, buf{dataBase + 16, 1, true})
	q.kick()
	var who []string
	for _, h := range victim.Holds() {
		if h.Kind().String() == "dma-map" {
			who = append(who, h.Who())
		}
	}
	if want := []string{"virtio-blk vb, request 1, 512 bytes at 0xd0000000"}; !cmp.Equal(who, want) {
		t.Errorf("victim held by %q", who)
	}
	if got := r.del("victim"); len(got) != 0 {
		t.Fatalf("events %q", got)
	}
	r.clock.advance(2 * time.Second)
	if got := r.settle(); !cmp.Equal(got, []string{"victim /machine/peripheral/victim"}) {
		t.Errorf("events %q", got)
	}
}

// What a realize that fails leaves: the event of a backend that was realized
// already, and nothing else.
func TestRealizeErrors(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		args, err string
		events    []string
	}{
		{`{"driver": "virtio-blk-pci", "id": "x"}`, "drive property not set", nil},
		{`{"driver": "virtio-blk-pci", "id": "x", "drive": "nope"}`, "Property 'virtio-blk-device.drive' can't find value 'nope'", nil},
		{`{"driver": "virtio-blk-pci", "id": "x", "drive": "d0", "romfile": "/nonexistent"}`, `failed to find romfile "/nonexistent"`,
			[]string{"/machine/peripheral/x/virtio-backend"}},
		{`{"driver": "virtio-blk-pci", "id": "x", "drive": "d0", "disable-modern": true, "disable-legacy": "on"}`,
			"device cannot work as neither modern nor legacy mode is enabled", nil},
		{`{"driver": "virtio-blk-pci", "id": "x", "drive": "d0", "num-queues": 0}`, "num-queues property must be larger than 0", nil},
		{`{"driver": "virtio-blk-pci", "id": "x", "drive": "d0", "queue-size": 2}`, "invalid queue-size property (2), must be > 2", nil},
		{`{"driver": "virtio-blk-pci", "id": "x", "drive": "d0", "queue-size": 100}`,
			"invalid queue-size property (100), must be a power of 2 (max 1024)", nil},
		{`{"driver": "virtio-blk-pci", "id": "x", "drive": "d0", "logical_block_size": 1024, "physical_block_size": 512}`,
			"logical_block_size > physical_block_size not supported", nil},
		{`{"driver": "virtio-net-pci", "romfile": "/none"}`, `failed to find romfile "/none"`,
			[]string{"/machine/peripheral-anon/device[0]/virtio-backend"}},
		{`{"driver": "virtio-serial-pci", "id": "x", "romfile": "/none"}`, `failed to find romfile "/none"`,
			[]string{"/machine/peripheral/x/virtio-backend"}},
		{`{"driver": "virtio-serial-pci", "max_ports": 512}`, "maximum ports supported: 511", nil},
		{`{"driver": "virtio-serial-pci", "max_ports": 0}`, "Maximum number of serial ports not specified", nil},
		{`{"driver": "virtio-net-pci", "rx_queue_size": 100}`, "Invalid rx_queue_size (= 100), must be a power of 2 between 256 and 1024.", nil},
		{`{"driver": "virtio-net-pci", "tx_queue_size": 512}`, "Invalid tx_queue_size (= 512), must be a power of 2 between 256 and 256", nil},
		{`{"driver": "virtio-net-pci", "duplex": "x"}`, "'duplex' must be 'half' or 'full'", nil},
		{`{"driver": "virtio-net-pci", "speed": -5}`, "'speed' must be between 0 and INT_MAX", nil},
		{`{"driver": "virtio-scsi-pci", "num_queues": 0}`, "Invalid number of queues (= 0), must be a positive integer less than 1022.", nil},
		{`{"driver": "virtio-scsi-pci", "virtqueue_size": 2}`, "invalid virtqueue_size property (= 2), must be > 2", nil},
		{`{"driver": "virtio-rng-pci", "period": 0}`, "'period' parameter expects a positive integer", nil},
		{`{"driver": "virtio-rng-pci", "max-bytes": -1}`, "'max-bytes' parameter must be positive, and less than 2^63", nil},
		{`{"driver": "virtio-rng-pci", "iommu_platform": true}`,
			"VIRTIO_F_IOMMU_PLATFORM was supported by neither legacy nor transitional device", nil},
		{`{"driver": "virtio-crypto-pci"}`, "'cryptodev' parameter expects a valid object", nil},
		{`{"driver": "virtio-mem-pci"}`, "'memdev' property must be set", nil},
		{`{"driver": "virtio-pmem-pci"}`, "'memdev' property must be set", nil},
		{`{"driver": "virtio-9p-pci"}`, "9pfs device couldn't find fsdev with the id = NULL", nil},
		{`{"driver": "virtio-input-host-pci"}`, "evdev property is required", nil},
		{`{"driver": "virtio-sound-pci"}`, "no default audio driver available", nil},
		{`{"driver": "vhost-vsock-pci"}`, "guest-cid property must be greater than 2", nil},
		{`{"driver": "vhost-vsock-pci", "guest-cid": 4294967296}`, "guest-cid property must be a 32-bit number", nil},
		{`{"driver": "vhost-scsi-pci"}`, "vhost-scsi: missing wwpn", nil},
		{`{"driver": "vhost-user-blk-pci"}`, "chardev is mandatory", nil},
		{`{"driver": "vhost-user-fs-pci"}`, "missing chardev", nil},
		{`{"driver": "vhost-user-rng-pci"}`, "vhost-user-base: missing chardev", nil},
		{`{"driver": "vhost-vdpa-device-pci"}`, "vhost-vdpa-device: vhostdev are missing", nil},
		{`{"driver": "virtio-gpu-pci"}`, "Device 'virtio-gpu-pci' does not support hotplugging", nil},
	} {
		r.disk("d0", 1<<20, 0)
		_, err := r.add(c.args)
		if err == nil || err.Error() != c.err {
			t.Errorf("%s: %v, want %s", c.args, err, c.err)
		}
		if got := r.settle(); !cmp.Equal(got, c.events) {
			t.Errorf("%s: events %q", c.args, got)
		}
	}
	r.must(r.add(`{"driver": "virtio-blk-pci", "id": "x", "drive": "d0"}`))
}

// Interrupts are messages once the driver enabled MSI-X.
func TestMSIX(t *testing.T) {
	r := newRig(t)
	r.disk("d0", 1<<20, 0)
	d := newDriver(r, r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`)), true)
	const target = 0x2000000
	r.mem.WriteN(msixBase+16, 4, target)
	r.mem.WriteN(msixBase+24, 4, 0xabcd)
	r.mem.WriteN(msixBase+28, 4, 0)
	at := d.fn.FindCapability(0x11)
	d.config(at+2, 2, 0x8000)
	d.start(1, 0)
	d.setCommon(22, 2, 0)
	d.setCommon(26, 2, 1)
	if d.common(26, 2) != 1 {
		t.Fatal("no vector")
	}
	d.setCommon(26, 2, 7)
	if got := d.common(26, 2); got != virtio.NoVector {
		t.Fatalf("vector %d does not exist", got)
	}
	d.setCommon(26, 2, 1)
	d.queues[0].blkRequest(0, 4, 0, 0)
	d.queues[0].kick()
	if got, _ := r.mem.ReadN(target, 4); got != 0xabcd {
		t.Errorf("message %#x", got)
	}
	if n := d.fn.Interrupts(); n.MSIX != 1 || n.INTx != 0 {
		t.Errorf("interrupts %+v", n)
	}
}

// The configuration structure and common registers through the capability for
// access by configuration cycles.
func TestConfigAccess(t *testing.T) {
	r := newRig(t)
	r.disk("d0", 3<<20, 0)
	d := newDriver(r, r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`)), true)
	at := d.fn.FindCapability(9)
	for ; d.read(at+3, 1) != 5; at = int(d.read(at+1, 1)) {
	}
	d.config(at+4, 1, 4)
	d.config(at+8, 4, 0x2000)
	d.config(at+12, 4, 4)
	if got := d.read(at+16, 4); got != 3<<20/512 {
		t.Errorf("capacity %d", got)
	}
	d.config(at+8, 4, 20)
	d.config(at+12, 4, 1)
	d.config(at+16, 1, 3)
	if d.status() != 3 || d.read(at+16, 1)&0xff != 3 {
		t.Errorf("status %d", d.status())
	}
}

func ExampleKind() {
	fmt.Println((&virtio.Kind{Name: "virtio-blk", ID: 2}).Name)
	// Output: virtio-blk
}
