package virtio_test

import "testing"

// BenchmarkBlkRequest is a read of one sector: offered, notified, carried out
// and seen by the driver.
func BenchmarkBlkRequest(b *testing.B) {
	r := newRig(b)
	r.disk("d0", 1<<20, 0)
	d := newDriver(r, r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`)), true)
	d.start(1, 0)
	q := d.queues[0]
	for b.Loop() {
		q.blkRequest(0, 0, 7, 512)
		q.kick()
		if len(q.completed()) != 1 {
			b.Fatal("not completed")
		}
	}
}

// BenchmarkPlugUnplug is device_add and device_del of a virtio function.
func BenchmarkPlugUnplug(b *testing.B) {
	r := newRig(b)
	for b.Loop() {
		r.must(r.add(`{"driver": "virtio-rng-pci", "id": "x"}`))
		if len(r.del("x")) != 2 {
			b.Fatal("not unplugged")
		}
	}
}
