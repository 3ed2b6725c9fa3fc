package block

import (
	"io"
	"time"

	"github.com/qomd/qomd/devices/guard"
	"github.com/qomd/qomd/devices/qdev"
)

// chunk is how much of a request is in the host's memory at once.
const chunk = 256 << 10

// request is a read, write, flush or discard under way. It keeps the files of
// all nodes below it open.
type request struct {
	g     *Graph
	b     *Backend
	edge  *Edge
	pins  []*Node
	kind  accountKind
	bytes int64
	start int64 // virtual time
	done  func(error)
	timer qdev.Timer
	work  func(img image) error
}

// submit starts a request of a backend. work does the I/O, without the lock,
// and may hand parts back under it.
func (b *Backend) submit(kind accountKind, off, n int64, done func(error), work func(img image) error) {
	node := b.Node()
	if node == nil {
		b.stats.failed(kind)
		done(errNoMedium)
		return
	}
	img := node.img
	var err error
	switch {
	case !node.active && kind != accountRead:
		err = errInactive
	case kind != accountFlush && (off < 0 || n < 0 || off > img.Size() || n > img.Size()-off):
		b.stats.invalid(kind)
		done(errOutOfBounds)
		return
	case (kind == accountWrite || kind == accountUnmap) && (node.readOnly || b.readOnly):
		err = errReadOnly
	}
	if err != nil {
		b.stats.failed(kind)
		done(err)
		return
	}
	r := &request{g: b.g, b: b, edge: b.root, kind: kind, bytes: n, start: b.g.now(), done: done, work: work, pins: b.g.pin(node)}
	if kind == accountWrite {
		node.wrote(off, n)
	}
	var wait time.Duration
	if p, ok := img.(pacer); ok {
		wait = p.pace(kind == accountWrite, n)
	}
	if b.throttle != nil {
		wait = max(wait, b.throttle.wait(kind == accountWrite, n))
	}
	if wait > 0 && b.g.opts.Env.Clock != nil && !b.g.closing {
		b.g.pending[r] = struct{}{}
		r.timer = b.g.opts.Env.Clock.AfterFunc(wait, func() {
			delete(r.g.pending, r)
			r.again()
		})
		return
	}
	r.run()
}

// run does the work, on the node that is there now: in place where that cannot
// take long, else on a goroutine.
func (r *request) run() {
	if !r.g.gate.enter(r.pins, r.again) {
		return
	}
	img := r.pins[0].img
	end := func(err error) {
		r.g.gate.leave()
		r.finish(err)
	}
	work := func() error {
		return guard.Run(r.g.opts.Log, "a request of node "+r.pins[0].name, func() error { return r.work(img) })
	}
	if i, ok := img.(instant); ok && i.instant() {
		end(work())
		return
	}
	r.g.running.Go(func() {
		err := work()
		r.g.opts.Do(func() { end(err) })
	})
}

// again runs a request that had to wait: its nodes may be others now.
func (r *request) again() {
	old := r.pins
	r.pins = r.g.pin(r.edge.Node())
	r.g.unpin(old)
	r.run()
}

// cancel ends a request that waits for its time.
func (r *request) cancel() {
	delete(r.g.pending, r)
	r.timer.Stop()
	r.finish(io.ErrUnexpectedEOF)
}

// finish hands the request back, under the lock.
func (r *request) finish(err error) {
	r.g.unpin(r.pins)
	if err != nil {
		r.b.stats.broke(r.kind, r.g.now()-r.start)
		r.b.complain(r.kind, err)
	} else {
		r.b.stats.done(r.kind, r.bytes, r.g.now()-r.start)
	}
	r.done(err)
}

// disk is a backend as device models see it.
type disk struct{ b *Backend }

var _ qdev.Disk = disk{}

func (d disk) Size() int64    { return d.b.Length() }
func (d disk) ReadOnly() bool { return d.b.ReadOnly() }

// locked runs f under the machine's lock: at once when the work is done in
// place, which is under the lock already.
func (d disk) locked(img image, f func()) {
	if i, ok := img.(instant); ok && i.instant() {
		f()
		return
	}
	d.b.g.opts.Do(f)
}

func (d disk) ReadAt(dst io.WriterAt, off, n int64, done func(error)) {
	d.b.submit(accountRead, off, n, done, func(img image) error {
		buf := make([]byte, min(n, chunk))
		for at := int64(0); at < n; at += int64(len(buf)) {
			p := buf[:min(int64(len(buf)), n-at)]
			if _, err := img.ReadAt(p, off+at); err != nil {
				return err
			}
			d.locked(img, func() { dst.WriteAt(p, at) })
		}
		return nil
	})
}

func (d disk) WriteAt(src io.ReaderAt, off, n int64, done func(error)) {
	d.b.submit(accountWrite, off, n, done, func(img image) error {
		buf := make([]byte, min(n, chunk))
		for at := int64(0); at < n; at += int64(len(buf)) {
			p := buf[:min(int64(len(buf)), n-at)]
			var err error
			d.locked(img, func() { _, err = src.ReadAt(p, at) })
			if err == nil || err == io.EOF {
				_, err = img.WriteAt(p, off+at)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (d disk) Flush(done func(error)) {
	d.b.submit(accountFlush, 0, 0, done, func(img image) error { return img.Flush() })
}

// Discard says that a range is not needed any more.
func (d disk) Discard(off, n int64, done func(error)) {
	d.b.submit(accountUnmap, off, n, done, func(img image) error { return img.Discard(off, n) })
}

// wrote notes a write on a node and on those below that it goes to.
func (n *Node) wrote(off, length int64) {
	n.highest = max(n.highest, off+length)
	for _, b := range n.bitmaps {
		b.mark(off, length)
	}
	if end := uint64(off + length); n.threshold > 0 && end > n.threshold {
		n.g.emit("BLOCK_WRITE_THRESHOLD", thresholdEvent{n.name, end - n.threshold, n.threshold})
		n.threshold = 0
	}
	e := n.primary()
	if e == nil || e.role != roleFiltered {
		return
	}
	if c, ok := n.img.(*childImage); ok {
		off += c.offset
	}
	e.Node().wrote(off, length)
}

type thresholdEvent struct {
	Node      string `json:"node-name"`
	Exceeded  uint64 `json:"amount-exceeded"`
	Threshold uint64 `json:"write-threshold"`
}
