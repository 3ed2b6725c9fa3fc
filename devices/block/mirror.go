package block

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/job"
)

// MirrorOptions describe a mirror.
type MirrorOptions struct {
	JobOptions
	Replaces    string // the node that the target is to take the place of; empty: the source
	Sync        string // "full", "top" or "none"
	Granularity *int64 // bytes, nil: as fits
	BufSize     int64  // a hint, which is only checked
	Filter      string // the name of the filter node; empty: an implicit one
	OnSource    OnError
	OnTarget    OnError
	Blocking    bool // guests wait until the target has their data as well
	Zeroed      bool // the target is known to be zeros
}

// mirror is a job that copies a node and then follows what is written to it,
// until it is completed. A commit of the active layer is one, too, whose target
// is in the source's own chain.
type mirror struct {
	*blockJob
	opts     MirrorOptions
	source   *Node
	target   *Node
	base     *Node // what is in it and behind it is not copied; nil: everything is
	filter   *Node
	watched  *watchedImage
	blocking bool // guarded by watched.mu

	dirty  *granules // guarded by watched.mu
	ending bool      // job-complete came
	pivot  *Node     // whose users are to use the target

	undo  func() // of what was done to the target
	after func() error
}

// Mirror starts a mirror of a node onto another.
func (g *Graph) Mirror(device, target string, o MirrorOptions) error {
	source, err := g.rootNode(device)
	if err != nil {
		return err
	}
	to, err := g.findReference(target)
	if err != nil {
		return err
	}
	return g.mirror(source, to, o, nil)
}

// mirror is Mirror for nodes; after is called when the target took the
// source's place.
func (g *Graph) mirror(source, to *Node, o MirrorOptions, after func() error) error {
	if o.Sync == "" {
		o.Sync = "full"
	}
	if s := o.Granularity; s != nil {
		if *s != 0 && (*s < 512 || *s > 64<<20) {
			return errors.New("Parameter 'granularity' expects a value in range [512B, 64MB]")
		}
		if *s&(*s-1) != 0 {
			return errors.New("Parameter 'granularity' expects a power of 2")
		}
	}
	if err := source.busyFor(opOther); err != nil {
		return err
	}
	if err := to.busyFor(opOther); err != nil {
		return err
	}
	if source.behind() == nil && o.Sync == "top" {
		o.Sync = "full"
	}
	if o.Replaces != "" {
		n := g.Node(o.Replaces)
		if n == nil {
			return fmt.Errorf("Failed to find node with node-name='%s'", o.Replaces)
		}
		if n.Size() != source.Size() {
			return errors.New("cannot replace image with a mirror image of different size")
		}
	}
	if o.Sync == "incremental" || o.Sync == "bitmap" {
		return fmt.Errorf("Sync mode '%s' not supported", o.Sync)
	}
	if o.BufSize < 0 {
		return errors.New("Invalid parameter 'buf-size'")
	}
	if source == to {
		return errors.New("Can't mirror node into itself")
	}
	m := &mirror{opts: o, source: source, target: to, after: after}
	if o.Sync == "top" {
		m.base = source.unfiltered().behind()
	}
	return g.startMirror(m, "mirror")
}

// startMirror starts a mirror or a commit of the active layer.
func (g *Graph) startMirror(m *mirror, kind string) error {
	granularity := g.granularity(m.target)
	if s := m.opts.Granularity; s != nil && *s != 0 {
		granularity = *s
	}
	m.dirty = newGranules(m.source.Size(), granularity)
	m.watched = &watchedImage{after: m.written, progress: m.progress}
	m.blocking = m.opts.Blocking
	if err := g.checkFilter(m.opts.Filter); err != nil {
		return err
	}
	b, err := g.newJob(m.opts.JobOptions, kind, m.source, job.Spec{
		Run: func(*job.Job) error { return m.run() }, Complete: m.complete, Cancel: m.cancel,
		Prepare: m.prepare, Clean: m.clean,
	})
	if err != nil {
		return err
	}
	if m.blockJob = b; kind == "mirror" {
		b.change, b.synced = m.setMode, m.isSynced
	}
	if err = m.attach(); err != nil {
		b.discard()
		if m.undo != nil {
			m.undo()
		}
		return err
	}
	b.job.Start()
	return nil
}

// attach puts the filter above the source and makes the job a user of the
// target.
func (m *mirror) attach() (err error) {
	g, shared := m.g, permWriteUnchanged
	perm := permWrite
	into := m.source.contains(m.target)
	if into {
		if m.undo, err = g.setReadOnly(m.target, false); err != nil {
			return err
		}
		shared |= permRead | permWrite
		if m.target.Size() < m.source.Size() {
			perm |= permResize
		}
	}
	if m.filter, err = g.putAbove(m.source, "mirror_top", m.opts.Filter, "backing", m.watched, nil); err != nil {
		return err
	}
	m.filter.committing = into
	m.block("main node", m.filter)
	m.block("source", m.source)
	m.block("target", m.target)
	if err = m.use(m.target, perm, shared); err == nil && into {
		for n := m.source.behind(); n != m.target; n = n.behind() {
			m.block("intermediate node", n)
		}
		err = m.growTarget()
	}
	if err != nil {
		return errors.Join(err, g.takeOut(m.filter, m.source))
	}
	return nil
}

// growTarget makes the base of a commit as long as what is committed to it.
func (m *mirror) growTarget() error {
	r, ok := m.target.img.(resizer)
	if m.target.Size() >= m.source.Size() {
		return nil
	}
	if !ok {
		return errCannotGrow
	}
	return r.Truncate(m.source.Size())
}

// granularity is how big the parts are in which changes of a node are noted.
func (g *Graph) granularity(n *Node) int64 {
	if n.header != nil {
		return max(4096, min(n.header.ClusterSize(), 65536))
	}
	return 65536
}

// written is told of a write to the source.
func (m *mirror) written(off, n int64, p []byte) error {
	if m.blocking {
		var err error
		if p == nil {
			err = writeZeroes(m.target.img, off, n)
		} else {
			_, err = m.target.img.WriteAt(p, off)
		}
		if err == nil {
			return nil
		}
	}
	m.dirty.add(off, n)
	m.job.Nudge()
	return nil
}

// run is the job's Run.
func (m *mirror) run() error {
	var same bool
	m.g.drained(func() { same = m.source.Size() == m.target.Size() })
	if !same && !m.filter.committing {
		return errors.New("Source and target image have different sizes")
	}
	if err := m.findDirty(); err != nil {
		return err
	}
	from := int64(0)
	for {
		copied, data, left, err := m.copyNext(&from)
		if err != nil {
			return err
		}
		if copied > 0 {
			m.job.Advance(copied)
			m.job.Remaining(left)
			if err := m.pace(data); err != nil {
				return err
			}
			continue
		}
		if done, err := m.caughtUp(); done || err != nil {
			return err
		}
	}
}

// findDirty notes what has to be copied.
func (m *mirror) findDirty() error {
	size := m.source.img.Size()
	if m.opts.Sync == "none" {
		return nil
	}
	var chain []image
	m.job.Do(func() { chain = m.source.chain(m.base) })
	for off := int64(0); off < size; {
		k, n, err := extentData, size-off, error(nil)
		if m.base != nil {
			k, n, err = status(chain, off, min(size-off, 64<<20))
		}
		if err != nil {
			return err
		}
		if k != extentBehind {
			m.watched.mu.Lock()
			m.dirty.add(off, n)
			m.watched.mu.Unlock()
		}
		if err := m.job.Point(); err != nil {
			return err
		}
		off += n
	}
	m.watched.mu.Lock()
	left := min(m.dirty.count*m.dirty.size, size)
	m.watched.mu.Unlock()
	m.job.SetTotal(left)
	return nil
}

// copyNext copies one part that is dirty, from a place on, and tells how much
// of it was not zeros, and how much is left then.
func (m *mirror) copyNext(from *int64) (copied, data, left int64, err error) {
	var chain []image
	m.job.Do(func() { chain = m.source.chain(nil) })
	err = m.persist(m.opts.OnSource, m.opts.OnTarget, func() error {
		m.watched.mu.Lock()
		defer m.watched.mu.Unlock()
		off, n, ok := m.dirty.next(*from, copyStep)
		if !ok {
			*from = 0
			if off, n, ok = m.dirty.next(0, copyStep); !ok {
				return nil
			}
		}
		n = min(n, m.source.img.Size()-off)
		var err error
		if data, err = copyMapped(m.target.img, chain, off, n); err != nil {
			return err
		}
		m.dirty.remove(off, n)
		copied, *from = n, off+n
		left = min(m.dirty.count*m.dirty.size, m.source.img.Size())
		return nil
	})
	return copied, data, left, err
}

// caughtUp is what comes when there is nothing left to copy: the job is ready,
// and ends when it is asked to, or waits.
func (m *mirror) caughtUp() (done bool, err error) {
	if err := m.target.img.Flush(); err != nil {
		return false, &ioError{true, err}
	}
	ending := false
	err = m.job.Sit(func() bool {
		if s := m.job.Status(); s == job.Running {
			m.job.Ready()
		}
		ending = m.ending || m.job.Cancelled()
		return ending
	})
	if err != nil || !ending {
		return false, err
	}
	m.g.drained(func() {
		m.watched.mu.Lock()
		defer m.watched.mu.Unlock()
		if done = m.dirty.count == 0; done {
			// Nothing is written until the outcome is settled.
			m.g.hold(m.filter, true)
		}
	})
	if err := m.job.Point(); err != nil {
		return false, err
	}
	return done, nil
}

// complete asks a mirror that is ready to give the target the source's place.
func (m *mirror) complete() error {
	m.pivot = m.source
	if m.opts.Replaces != "" {
		if m.pivot = m.g.Node(m.opts.Replaces); m.pivot == nil {
			return fmt.Errorf("Node name '%s' not found", m.opts.Replaces)
		}
	}
	m.ending = true
	m.job.Wake()
	return nil
}

// cancel implements what job.Spec says: a mirror that is ready comes to a good
// end unless it is forced.
func (m *mirror) cancel(force bool) bool {
	s := m.job.Status()
	return force || s != job.Ready && s != job.Standby && s != job.Waiting && s != job.Pending
}

// prepare gives the target the source's place.
func (m *mirror) prepare() error {
	g := m.g
	if !m.ending {
		return nil
	}
	if m.target.Size() < m.source.Size() {
		return errors.New("The target is smaller than the source")
	}
	for _, back := range m.backends {
		back.drop()
	}
	m.backends = nil
	if m.pivot != m.source {
		if _, err := g.replace(m.pivot, m.target); err != nil {
			return err
		}
	} else if err := g.takeOut(m.filter, m.target); err != nil {
		return err
	} else {
		m.filter = nil
	}
	m.undo = nil
	if m.after != nil {
		return m.after()
	}
	return nil
}

// clean takes the filter out and lets requests go on.
func (m *mirror) clean() {
	if m.filter != nil {
		m.g.hold(m.filter, false)
		if err := m.g.takeOut(m.filter, m.source); err != nil {
			m.g.opts.Log.Error("taking a mirror's filter out", "error", err)
		}
	} else {
		m.g.gate.open()
	}
	for _, back := range m.backends {
		back.drop()
	}
	m.backends = nil
	if m.undo != nil {
		m.undo()
	}
}

// setMode changes whether guests wait for the target.
func (m *mirror) setMode(mode string) error {
	m.watched.mu.Lock()
	defer m.watched.mu.Unlock()
	switch {
	case m.blocking == (mode == "write-blocking"):
		return nil
	case mode != "write-blocking":
		return fmt.Errorf("Change to copy mode '%s' is not implemented", mode)
	}
	m.blocking = true
	return nil
}

// isSynced reports whether whatever is written is on the target, too.
func (m *mirror) isSynced() *bool {
	m.watched.mu.Lock()
	defer m.watched.mu.Unlock()
	synced := m.blocking && m.dirty.count == 0
	return &synced
}

// progress shows what is still to be copied.
func (m *mirror) progress() []BitmapInfo {
	m.watched.mu.Lock()
	defer m.watched.mu.Unlock()
	return []BitmapInfo{m.dirty.unnamed(m.dirty.count)}
}

func mirrorLimits(n *Node) limits {
	l := n.primary().Node().limits()
	l.MinMem, l.WriteZeroes, l.Discard = max(l.MinMem, 512), 0, 0
	return l
}
