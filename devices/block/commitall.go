package block

import (
	"fmt"
	"syscall"
)

// Merge is the writing of a drive's layer into the image behind it, as people ask
// for it; no job. Work does that without the machine's lock, Done ends it with
// the lock.
type Merge struct {
	Work func() error
	Done func()
}

// Merges prepares to write the layers of drives into what is behind them: of one,
// or with "all" of all that have a layer.
func (g *Graph) Merges(drive string) ([]Merge, error) {
	if drive != "all" {
		b := g.BackendOf(drive)
		switch {
		case b == nil:
			return nil, fmt.Errorf("Device '%s' not found", drive)
		case !b.Inserted():
			return nil, fmt.Errorf("Device '%s' has no medium", drive)
		}
		m, err := g.merge(drive, b.shown())
		return []Merge{m}, err
	}
	var list []Merge
	for _, b := range g.backends {
		if b.id == "" || !b.Inserted() || b.shown().child("backing") == nil {
			continue
		}
		m, err := g.merge(drive, b.shown())
		if err != nil {
			for _, m := range list {
				m.Done()
			}
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// merge prepares one; drive is what the user called it.
func (g *Graph) merge(drive string, n *Node) (m Merge, err error) {
	failed := func(err error) error { return fmt.Errorf("'commit' error for '%s': %s", drive, reason(err)) }
	base := n.child("backing")
	layer, ok := n.img.(*qcow2Image)
	switch {
	case base == nil || !ok:
		return m, failed(syscall.ENOTSUP)
	case n.busyFor(opOther) != nil || base.busyFor(opCommitTarget) != nil:
		return m, failed(syscall.EBUSY)
	case n.readOnly:
		return m, failed(syscall.EACCES)
	}
	undo := func() {}
	if base.readOnly {
		if undo, err = g.setReadOnly(base, false); err != nil {
			return m, failed(syscall.EACCES)
		}
	}
	pins := g.pin(n)
	g.hold(n, true)
	m.Done = func() {
		g.hold(n, false)
		g.unpin(pins)
		undo()
	}
	m.Work = func() error {
		if err := mergeLayer(layer, base.img); err != nil {
			return failed(err)
		}
		return nil
	}
	return m, nil
}

// mergeLayer writes what a layer has into the image behind it, and empties it.
func mergeLayer(layer *qcow2Image, base image) error {
	size := layer.Size()
	if base.Size() < size {
		r, ok := base.(resizer)
		if !ok {
			return errCannotGrow
		}
		if err := r.Truncate(size); err != nil {
			return err
		}
	}
	for off := int64(0); off < size; {
		k, n, err := layer.extent(off, size-off)
		if err != nil {
			return err
		}
		if k != extentBehind {
			if err := copyRange(base, layer, k, off, n); err != nil {
				return err
			}
		}
		off += n
	}
	if err := base.Flush(); err != nil {
		return err
	}
	if err := layer.img.Empty(); err != nil {
		return err
	}
	return layer.Flush()
}
