package virtio_test

import (
	"testing"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/virtio"
)

// Where the test's driver puts things.
const (
	portBase   = 0xc000
	modernBase = 0xe0000000
	msixBase   = 0xe8000000
	ringBase   = 0x100000
	dataBase   = 0x400000
)

// driver is a guest's driver of one virtio function, through its registers
// alone.
type driver struct {
	t      testing.TB
	r      *rig
	fn     *pci.Device
	devfn  uint8
	busnr  uint8
	modern bool
	caps   map[uint8]uint64 // address of each structure
	mult   uint64
	queues []*ring
}

// ring is a split ring as the driver sees it.
type ring struct {
	d                 *driver
	n                 int
	size              int
	desc, avail, used uint64
	next              int // free descriptors are given round robin
	seen              uint16
	notify            uint64
}

func newDriver(r *rig, dev *qdev.Device, modern bool) *driver {
	fn := pci.FromDevice(dev)
	d := &driver{t: r.t, r: r, fn: fn, devfn: fn.Devfn(), busnr: fn.PCIBus().Number(), modern: modern, caps: map[uint8]uint64{}}
	d.config(0x10, 4, portBase)
	d.config(0x14, 4, msixBase)
	d.config(0x20, 4, modernBase)
	d.config(0x24, 4, 0)
	d.config(0x04, 2, 7)
	for at := int(r.bus.ReadConfig(d.busnr, d.devfn, 0x34, 1)); at != 0; at = int(d.read(at+1, 1)) {
		if d.read(at, 1) == 9 {
			kind := uint8(d.read(at+3, 1))
			d.caps[kind] = modernBase + uint64(d.read(at+8, 4))
			if kind == 2 {
				d.mult = uint64(d.read(at+16, 4))
			}
		}
	}
	return d
}

func (d *driver) config(at, size int, val uint32) {
	d.r.bus.WriteConfig(d.busnr, d.devfn, at, size, val)
}
func (d *driver) read(at, size int) uint32 { return d.r.bus.ReadConfig(d.busnr, d.devfn, at, size) }

func (d *driver) in(off uint64, size int) uint64 {
	v, _ := d.r.io.ReadN(portBase+off, size)
	return v
}

func (d *driver) out(off uint64, size int, val uint64) { d.r.io.WriteN(portBase+off, size, val) }

func (d *driver) common(off uint64, size int) uint64 {
	v, _ := d.r.mem.ReadN(d.caps[1]+off, size)
	return v
}

func (d *driver) setCommon(off uint64, size int, val uint64) {
	d.r.mem.WriteN(d.caps[1]+off, size, val)
}

func (d *driver) status() uint8 {
	if d.modern {
		return uint8(d.common(20, 1))
	}
	return uint8(d.in(18, 1))
}

func (d *driver) setStatus(v uint8) {
	if d.modern {
		d.setCommon(20, 1, uint64(v))
	} else {
		d.out(18, 1, uint64(v))
	}
}

func (d *driver) isr() uint8 {
	if d.modern {
		v, _ := d.r.mem.ReadN(d.caps[3], 1)
		return uint8(v)
	}
	return uint8(d.in(19, 1))
}

// features negotiates all the device has, less the bits of without.
func (d *driver) features(without uint64) uint64 {
	if !d.modern {
		f := d.in(0, 4) &^ without
		d.out(4, 4, f)
		return f
	}
	var f uint64
	for i := uint64(0); i < 2; i++ {
		d.setCommon(0, 4, i)
		f |= d.common(4, 4) << (32 * i)
	}
	f &^= without
	for i := uint64(0); i < 2; i++ {
		d.setCommon(8, 4, i)
		d.setCommon(12, 4, f>>(32*i)&0xffffffff)
	}
	return f
}

// start brings the device to DRIVER_OK with n queues.
func (d *driver) start(n int, without uint64) {
	d.t.Helper()
	d.setStatus(0)
	d.setStatus(1)
	d.setStatus(3)
	d.features(without)
	if d.modern {
		d.setStatus(11)
		if d.status() != 11 {
			d.t.Fatalf("features refused: status %#x", d.status())
		}
	}
	d.queues = nil
	for i := range n {
		d.queues = append(d.queues, d.setUp(i))
	}
	d.setStatus(d.status() | virtio.StatusDriverOK)
}

func (d *driver) setUp(n int) *ring {
	q := &ring{d: d, n: n, desc: ringBase + uint64(n)*0x10000}
	if d.modern {
		d.setCommon(22, 2, uint64(n))
		q.size = int(d.common(24, 2))
		q.avail, q.used = q.desc+0x4000, q.desc+0x8000
		for i, a := range [...]uint64{q.desc, q.avail, q.used} {
			d.setCommon(32+8*uint64(i), 4, a&0xffffffff)
			d.setCommon(36+8*uint64(i), 4, a>>32)
		}
		q.notify = d.caps[2] + d.common(30, 2)*d.mult
		d.setCommon(28, 2, 1)
	} else {
		d.out(14, 2, uint64(n))
		q.size = int(d.in(12, 2))
		q.avail = q.desc + 16*uint64(q.size)
		q.used = (q.avail + 6 + 2*uint64(q.size) + 4095) &^ 4095
		d.out(8, 4, q.desc>>12)
	}
	zero := make([]byte, 0x10000)
	d.r.mem.Write(q.desc, zero)
	return q
}

// buf is a buffer of an element.
type buf struct {
	addr  uint64
	len   int
	write bool
}

// offer makes a chain of buffers available, without notifying, and returns its
// head.
func (q *ring) offer(bufs ...buf) int {
	mem, head := q.d.r.mem, q.next
	for i, b := range bufs {
		at := q.desc + 16*uint64(q.next)
		flags := uint64(0)
		if b.write {
			flags |= 2
		}
		next := (q.next + 1) % q.size
		if i < len(bufs)-1 {
			flags |= 1
		}
		mem.WriteN(at, 8, b.addr)
		mem.WriteN(at+8, 4, uint64(b.len))
		mem.WriteN(at+12, 2, flags)
		mem.WriteN(at+14, 2, uint64(next))
		q.next = next
	}
	idx := q.word(q.avail + 2)
	mem.WriteN(q.avail+4+2*uint64(int(idx)%q.size), 2, uint64(head))
	mem.WriteN(q.avail+2, 2, uint64(idx+1))
	return head
}

func (q *ring) word(addr uint64) uint16 {
	v, _ := q.d.r.mem.ReadN(addr, 2)
	return uint16(v)
}

func (q *ring) kick() {
	if q.d.modern {
		q.d.r.mem.WriteN(q.notify, 2, uint64(q.n))
	} else {
		q.d.out(16, 2, uint64(q.n))
	}
}

// done is an element that came back.
type done struct{ head, len uint32 }

// completed answers what came back since the last time.
func (q *ring) completed() []done {
	var list []done
	for idx := q.word(q.used + 2); q.seen != idx; q.seen++ {
		at := q.used + 4 + 8*uint64(int(q.seen)%q.size)
		head, _ := q.d.r.mem.ReadN(at, 4)
		n, _ := q.d.r.mem.ReadN(at+4, 4)
		list = append(list, done{uint32(head), uint32(n)})
	}
	return list
}

// blkRequest offers a block request whose header, data and status are at slot
// n of the data area.
func (q *ring) blkRequest(n int, kind uint32, sector uint64, data int) (addr uint64, head int) {
	base := uint64(dataBase + n*0x10000)
	mem := q.d.r.mem
	mem.WriteN(base, 4, uint64(kind))
	mem.WriteN(base+8, 8, sector)
	mem.WriteN(base+16, 1, 0xee)
	bufs := []buf{{base, 16, false}}
	if data > 0 {
		bufs = append(bufs, buf{base + 512, data, kind == 0})
	}
	bufs = append(bufs, buf{base + 16, 1, true})
	return base + 512, q.offer(bufs...)
}

func (q *ring) blkStatus(n int) byte {
	var p [1]byte
	if q.d.r.mem.Read(uint64(dataBase+n*0x10000)+16, p[:]) != memory.OK {
		q.d.t.Fatal("status not readable")
	}
	return p[0]
}
