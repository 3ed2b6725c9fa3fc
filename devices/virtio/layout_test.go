package virtio_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/virtio"
)

// Whatever way a driver lays out a request (in pieces of any size, directly or
// by an indirect table, anywhere in a ring of any size, with or without event
// indexes), and whenever requests complete, resets come and the device goes:
// each request that is not orphaned completes once with its own data, and the
// storage is freed once.
func TestLayouts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		modern := rapid.Bool().Draw(rt, "modern")
		size := 1 << rapid.IntRange(3, 8).Draw(rt, "size")
		without := uint64(0)
		if rapid.Bool().Draw(rt, "no event index") {
			without = 1 << virtio.FeatureEventIndex
		}
		r := newRig(t)
		latency := time.Duration(rapid.IntRange(0, 2).Draw(rt, "latency")) * time.Millisecond
		disk := r.disk("d0", 1<<20, latency)
		for i := range disk.data {
			disk.data[i] = byte(i / 512)
		}
		dev := r.must(r.add(fmt.Sprintf(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0", "queue-size": %d}`, size)))
		storage := dev.Storage()
		d := newDriver(r, dev, modern)
		d.start(1, without)
		q := d.queues[0]
		pending := map[int]*layout{} // by head
		completed := 0
		slot := 0
		drain := func() {
			for _, c := range q.completed() {
				l := pending[int(c.head)]
				if l == nil {
					rt.Fatalf("head %d completed, which is not pending", c.head)
				}
				delete(pending, int(c.head))
				completed++
				l.check(rt, r)
			}
		}
		used := 0
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0:
				d.start(1, without)
				q, used = d.queues[0], 0
				clear(pending)
			case 1, 2:
				r.clock.advance(time.Millisecond)
				drain()
			default:
				l := drawLayout(rt, r, slot)
				if used+l.descriptors() > size {
					r.clock.advance(time.Minute)
					drain()
					if len(pending) != 0 {
						rt.Fatalf("%d requests never completed", len(pending))
					}
					used = 0
				}
				if l.descriptors() > size {
					continue
				}
				used += l.descriptors()
				slot = (slot + 1) % 64
				pending[l.offer(q)] = l
				q.kick()
			}
		}
		end := rapid.Bool().Draw(rt, "complete first")
		if end {
			r.clock.advance(time.Minute)
			drain()
			if len(pending) != 0 {
				rt.Fatalf("%d requests never completed", len(pending))
			}
		}
		drain()
		r.del("vb")
		r.clock.advance(time.Minute)
		r.settle()
		if !storage.Freed() {
			rt.Fatal("the storage is not freed")
		}
		if len(q.completed()) != 0 {
			rt.Fatal("requests completed after the device had gone")
		}
	})
}

// layout is a read request and how it lies in memory.
type layout struct {
	sector   int
	data     []buf // pieces of the data
	header   []buf
	status   uint64
	indirect uint64 // address of the table, 0 for none
}

func drawLayout(rt *rapid.T, r *rig, slot int) *layout {
	base := uint64(dataBase + slot*0x8000)
	l := &layout{sector: rapid.IntRange(0, 2000).Draw(rt, "sector"), status: base + 64}
	r.mem.WriteN(base, 4, 0)
	r.mem.WriteN(base+8, 8, uint64(l.sector))
	r.mem.WriteN(l.status, 1, 0xee)
	l.header = pieces(rt, base, 16, false)
	l.data = pieces(rt, base+0x1000, 512*rapid.IntRange(1, 8).Draw(rt, "sectors"), true)
	if rapid.Bool().Draw(rt, "indirect") {
		l.indirect = base + 0x4000
	}
	return l
}

// pieces cuts n bytes from addr on into a few buffers.
func pieces(rt *rapid.T, addr uint64, n int, write bool) []buf {
	var list []buf
	for k := rapid.IntRange(1, 3).Draw(rt, "pieces"); n > 0; k-- {
		size := n
		if k > 1 {
			size = rapid.IntRange(1, n).Draw(rt, "piece")
		}
		list = append(list, buf{addr, size, write})
		addr, n = addr+uint64(size), n-size
	}
	return list
}

func (l *layout) bufs() []buf {
	return append(append(append([]buf(nil), l.header...), l.data...), buf{l.status, 1, true})
}

func (l *layout) descriptors() int {
	if l.indirect != 0 {
		return 1
	}
	return len(l.bufs())
}

func (l *layout) offer(q *ring) int {
	bufs := l.bufs()
	if l.indirect == 0 {
		return q.offer(bufs...)
	}
	table := &ring{d: q.d, size: len(bufs) + 1, desc: l.indirect, avail: l.indirect + 0x800, used: l.indirect + 0xc00}
	q.d.r.mem.WriteN(table.avail, 4, 0)
	table.offer(bufs...)
	head := q.next
	at := q.desc + 16*uint64(head)
	q.d.r.mem.WriteN(at, 8, l.indirect)
	q.d.r.mem.WriteN(at+8, 4, uint64(16*len(bufs)))
	q.d.r.mem.WriteN(at+12, 4, 4)
	q.next = (head + 1) % q.size
	idx := q.word(q.avail + 2)
	q.d.r.mem.WriteN(q.avail+4+2*uint64(int(idx)%q.size), 2, uint64(head))
	q.d.r.mem.WriteN(q.avail+2, 2, uint64(idx+1))
	return head
}

// check compares what was read with the disk's content.
func (l *layout) check(rt *rapid.T, r *rig) {
	at := l.sector * 512
	for _, b := range l.data {
		got, want := make([]byte, b.len), make([]byte, b.len)
		r.mem.Read(b.addr, got)
		for i := range want {
			want[i] = byte((at + i) / 512)
		}
		if !bytes.Equal(got, want) {
			rt.Fatalf("sector %d read wrongly", l.sector)
		}
		at += b.len
	}
	if v, _ := r.mem.ReadN(l.status, 1); v != 0 {
		rt.Fatalf("status %d", v)
	}
}
