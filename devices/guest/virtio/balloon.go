package virtio

// The configuration and queues of balloons, VIRTIO 1.2 section 5.5.
const (
	balloonWanted = 0 // in the configuration: pages
	balloonActual = 4
	inflateQueue  = 0
	deflateQueue  = 1

	pagesAtOnce = 256
)

// balloon gives the host the pages it wants and takes them back when it may.
// Nothing else lives in the guest's memory: the pages are just numbers, from
// firstPage on.
type balloon struct {
	memory uint64
	pages  uint64 // given
	moving bool
}

const firstPage = 1 << 20 >> 12

// ring implements [model].
func (*balloon) ring(_ *Device, _, most int) int { return min(most, smallRing) }

func (b *balloon) start(d *Device) {
	*b = balloon{}
	at, ok := d.hw.Allocate(4 * pagesAtOnce)
	if !ok {
		d.fail(errMemory)
		return
	}
	b.memory = at
	b.configured(d)
}

// configured moves some pages and, when all have been moved, tells how many the
// host has.
func (b *balloon) configured(d *Device) {
	if b.moving {
		return
	}
	wanted := d.config(balloonWanted, 4)
	if wanted == b.pages {
		if d.config(balloonActual, 4) != b.pages {
			d.hw.Write(d.at[deviceCfg]+balloonActual, 4, b.pages)
		}
		return
	}
	queue, n, first := inflateQueue, min(wanted-b.pages, pagesAtOnce), b.pages
	if wanted < b.pages {
		queue, n = deflateQueue, min(b.pages-wanted, pagesAtOnce)
		first = b.pages - n
	}
	for i := range n {
		d.hw.Write(b.memory+4*i, 4, firstPage+first+i)
	}
	if queue == inflateQueue {
		b.pages += n
	} else {
		b.pages -= n
	}
	b.moving = true
	d.queues[queue].add(&chain{bufs: []buffer{{addr: b.memory, len: int(4 * n)}}})
	d.queues[queue].kick()
}

func (b *balloon) used(d *Device, _ *Queue, _ *chain, _ uint32) {
	b.moving = false
	b.configured(d)
}

func (*balloon) busy() int { return 0 }
