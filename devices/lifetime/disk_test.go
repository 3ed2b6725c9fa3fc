package lifetime_test

// hardware is what a driver touches.
type hardware interface {
	out(port uint64, size int, val uint64)
	in(port uint64, size int) uint64
	write(addr uint64, size int, val uint64)
}

// configure writes configuration space.
func configure(r hardware, bus, slot, reg, size int, val uint64) {
	r.out(0xcf8, 4, uint64(0x80000000|bus<<16|slot<<11|reg&^3))
	r.out(0xcfc+uint64(reg&3), size, val)
}

// placeBAR gives the function in a slot of bus 0 its BAR 0 and switches memory
// decoding and bus mastering on.
func placeBAR(r hardware, slot int, addr uint64) {
	configure(r, 0, slot, 0x10, 4, addr)
	configure(r, 0, slot, 0x04, 2, 6)
}

// disk is a legacy driver of a virtio-blk function in a slot of pci.0, with its
// ports at base; see VIRTIO 1.2, "Legacy Interface".
type disk struct {
	r     hardware
	base  uint64
	ring  uint64 // guest address
	size  int
	taken int
}

func startDisk(r hardware, slot int) *disk {
	d := &disk{r: r, base: 0xc000, ring: 0x100000}
	configure(r, 0, slot, 0x10, 4, d.base)
	configure(r, 0, slot, 0x04, 2, 7)
	r.out(d.base+0x12, 1, 1)
	r.out(d.base+0x12, 1, 3)
	r.out(d.base+0x0e, 2, 0)
	d.size = int(r.in(d.base+0x0c, 2))
	r.write(d.ring+16*uint64(d.size)+2, 2, 0) // nothing is available from an earlier life
	r.out(d.base+0x08, 4, d.ring>>12)
	r.out(d.base+0x12, 1, 7)
	return d
}

// request submits a read of 512 bytes to a guest address, and returns where its
// status will be.
func (d *disk) request(addr uint64) (status uint64) {
	i := d.taken * 3 % (d.size - 2)
	header := uint64(0x200000 + 4096*(d.taken%64))
	status = header + 0x800
	d.r.write(status, 1, 0xee)
	d.r.write(header, 8, 0)
	d.r.write(header+8, 8, 0)
	for k, p := range []struct {
		addr        uint64
		size, flags uint64
	}{{header, 16, 1}, {addr, 512, 3}, {status, 1, 2}} {
		at := d.ring + 16*uint64(i+k)
		d.r.write(at, 8, p.addr)
		d.r.write(at+8, 4, p.size)
		d.r.write(at+12, 2, p.flags)
		d.r.write(at+14, 2, uint64(i+k+1))
	}
	avail := d.ring + 16*uint64(d.size)
	d.r.write(avail+4+2*uint64(d.taken%d.size), 2, uint64(i))
	d.taken++
	d.r.write(avail+2, 2, uint64(d.taken&0xffff))
	d.r.out(d.base+0x10, 2, 0)
	return status
}
