package virtio_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qom"
)

// FuzzRing gives a device a ring of arbitrary guest memory: nothing panics,
// what one notification causes is bounded, nothing is held afterwards but what
// is in flight, and that ends.
func FuzzRing(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0}, uint8(0), true)
	chain := make([]byte, 16*3)
	for i, d := range [...]struct {
		addr  uint64
		len   uint32
		flags uint16
	}{{dataBase, 16, 1}, {dataBase + 512, 512, 3}, {dataBase + 16, 1, 2}} {
		binary.LittleEndian.PutUint64(chain[16*i:], d.addr)
		binary.LittleEndian.PutUint32(chain[16*i+8:], d.len)
		binary.LittleEndian.PutUint16(chain[16*i+12:], d.flags)
		binary.LittleEndian.PutUint16(chain[16*i+14:], uint16(i+1))
	}
	f.Add(chain, uint8(1), true)
	f.Add(chain, uint8(200), false)
	indirect := append([]byte(nil), chain...)
	binary.LittleEndian.PutUint64(indirect, ringBase)
	binary.LittleEndian.PutUint32(indirect[8:], 48)
	binary.LittleEndian.PutUint16(indirect[12:], 4)
	f.Add(indirect, uint8(3), true)

	f.Fuzz(func(t *testing.T, table []byte, avail uint8, modern bool) {
		r := newRig(t)
		r.disk("d0", 1<<20, time.Millisecond)
		dev := r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`))
		backend := virtio.From(dev.Child("virtio-backend"))
		d := newDriver(r, dev, modern)
		d.start(1, 0)
		q := d.queues[0]
		r.mem.Write(q.desc, table[:min(len(table), 16*q.size)])
		if len(table) > 16*q.size {
			r.mem.Write(q.avail, table[16*q.size:])
		}
		r.mem.WriteN(q.avail+2, 2, uint64(avail))
		before := r.env.Memory.Stats()
		for range 3 {
			q.kick()
		}
		after := r.env.Memory.Stats()
		if n := after.Reads + after.Writes - before.Reads - before.Writes; n > 1<<20 {
			t.Errorf("%d accesses", n)
		}
		queue := backend.Queue(0)
		if taken, _ := queue.Counts(); taken > 3*uint64(q.size) {
			t.Errorf("%d elements taken of a ring of %d", taken, q.size)
		}
		r.del("vb")
		r.clock.advance(time.Minute)
		r.env.Memory.Settle()
		if r.env.Peripheral.Child("vb") != nil || !dev.Storage().Freed() {
			t.Error("the device is not freed")
		}
	})
}

// A ring whose used part lies on its available part feeds itself: the device
// stops after one round.
func TestRingFeedsItself(t *testing.T) {
	r := newRig(t)
	r.disk("d0", 1<<20, 0)
	dev := r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`))
	d := newDriver(r, dev, true)
	d.start(1, 0)
	d.setStatus(0)
	d.setStatus(1)
	d.setStatus(3)
	d.features(1 << virtio.FeatureEventIndex)
	d.setStatus(11)
	d.setCommon(22, 2, 0)
	for i, a := range [...]uint64{ringBase, ringBase + 0x4000, ringBase + 0x4000} {
		d.setCommon(32+8*uint64(i), 4, a)
	}
	d.setCommon(28, 2, 1)
	d.setStatus(15)
	q := &ring{d: d, size: 256, desc: ringBase, avail: ringBase + 0x4000, used: ringBase + 0x4000, notify: d.caps[2]}
	for i := range 16 {
		q.blkRequest(i, 4, 0, 0)
	}
	r.mem.WriteN(q.avail+2, 2, 256)
	q.kick()
	if taken, _ := virtio.From(dev.Child("virtio-backend")).Queue(0).Counts(); taken > 256 {
		t.Errorf("%d elements taken", taken)
	}
}

// Mistakes of a driver break the device until it is reset.
func TestBrokenRings(t *testing.T) {
	for name, spoil := range map[string]func(q *ring){
		"index too far":  func(q *ring) { q.d.r.mem.WriteN(q.avail+2, 2, 300) },
		"head too large": func(q *ring) { q.d.r.mem.WriteN(q.avail+4, 2, 5000); q.d.r.mem.WriteN(q.avail+2, 2, 1) },
		"empty buffer":   func(q *ring) { q.offer(buf{dataBase, 0, false}) },
		"order":          func(q *ring) { q.offer(buf{dataBase, 16, true}, buf{dataBase, 16, false}) },
		"no header":      func(q *ring) { q.offer(buf{dataBase, 4, false}, buf{dataBase, 1, true}) },
		"loop":           func(q *ring) { h := q.offer(buf{dataBase, 16, false}); q.d.r.mem.WriteN(q.desc+uint64(16*h)+12, 4, 1) },
		"next too large": func(q *ring) {
			h := q.offer(buf{dataBase, 16, false})
			q.d.r.mem.WriteN(q.desc+uint64(16*h)+12, 4, 1|9999<<16)
		},
		"nowhere": func(q *ring) { q.offer(buf{0xf0000000, 1 << 20, true}) },
		"indirect to none": func(q *ring) {
			h := q.offer(buf{0xf0000000, 32, false})
			q.d.r.mem.WriteN(q.desc+uint64(16*h)+12, 2, 4)
		},
		"indirect of odd": func(q *ring) { h := q.offer(buf{dataBase, 33, false}); q.d.r.mem.WriteN(q.desc+uint64(16*h)+12, 2, 4) },
		"no bounce buffer for the third": func(q *ring) {
			n := 0
			q.d.r.env.Memory.DMAFault = func(string) bool { n++; return n == 3 }
			q.offer(buf{dataBase, 16, false}, buf{dataBase + 16, 512, true}, buf{dataBase + 1024, 1, true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.disk("d0", 1<<20, 0)
			dev := r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`))
			d := newDriver(r, dev, true)
			d.start(1, 0)
			spoil(d.queues[0])
			d.queues[0].kick()
			if d.status()&virtio.StatusNeedsReset == 0 {
				t.Fatalf("status %#x", d.status())
			}
			for _, h := range dev.Child("virtio-backend").Holds() {
				if h.Kind() == qom.HoldIO {
					t.Errorf("held by %s", h.Who())
				}
			}
			d.start(1, 0)
			d.queues[0].blkRequest(0, 4, 0, 0)
			d.queues[0].kick()
			if len(d.queues[0].completed()) != 1 {
				t.Error("a reset does not mend it")
			}
		})
	}
}
