package block

import (
	"bytes"
	"fmt"
	"io"
)

// ManualIO is one request that a user makes by hand.
type ManualIO struct {
	Kind    string // "read", "write", "zero", "discard" or "flush"
	Offset  int64  // bytes
	Length  int64
	Pattern byte // that is written, or expected when Verify is set
	Verify  bool
}

// Manual prepares a request to a drive or a node, or to what a device uses. What it
// returns makes the request; it is called without the machine's lock, unless
// locked, and counts for nobody's figures.
func (g *Graph) Manual(name string, device bool, o ManualIO) (do func(locked bool) error, err error) {
	var n *Node
	switch b := g.BackendOf(name); {
	case device:
		if b, err = g.backendFor(nil, &name); err != nil {
			return nil, err
		}
		n = b.Node()
	case b != nil:
		n = b.Node()
	default:
		if n, err = g.Find("", name); err != nil {
			return nil, err
		}
	}
	return func(locked bool) error { return g.manual(n, o, locked) }, nil
}

func (g *Graph) manual(n *Node, o ManualIO, locked bool) (err error) {
	do := g.opts.Do
	if locked {
		do = func(f func()) { f() }
	}
	changes := o.Kind == "write" || o.Kind == "zero" || o.Kind == "discard"
	var b *Backend
	do(func() {
		if err = g.mayRequest(n, o, changes); err != nil {
			return
		}
		b = g.newBackend("")
		b.insert(n)
		perm := permRead
		if changes {
			perm |= permWrite
		}
		if err = b.grant(perm, permAll); err != nil {
			b.drop()
		}
	})
	if err != nil {
		return err
	}
	defer do(b.drop)
	if locked {
		err = o.run(n.img)
	} else {
		err = g.pass(b.root, func(_ *Node, img image) error { return o.run(img) })
	}
	if changes && err == nil {
		do(func() { b.Node().wrote(o.Offset, o.Length) })
	}
	return err
}

func (g *Graph) mayRequest(n *Node, o ManualIO, changes bool) error {
	switch {
	case n == nil || n.closed:
		return errNoMedium
	case !n.active:
		return errInactive
	case changes && n.readOnly:
		return errReadOnly
	case o.Offset < 0 || o.Length < 0 || o.Offset > n.Size() || o.Length > n.Size()-o.Offset:
		return errOutOfBounds
	}
	return nil
}

// run does the request, a piece at a time.
func (o ManualIO) run(img image) error {
	switch o.Kind {
	case "flush":
		return img.Flush()
	case "discard":
		return img.Discard(o.Offset, o.Length)
	case "zero":
		return writeZeroes(img, o.Offset, o.Length)
	}
	p := bytes.Repeat([]byte{o.Pattern}, int(min(o.Length, chunk)))
	want := p
	if o.Kind == "read" {
		p = make([]byte, len(want))
	}
	for at := int64(0); at < o.Length; at += int64(len(p)) {
		p = p[:min(int64(len(p)), o.Length-at)]
		var err error
		if o.Kind == "write" {
			_, err = img.WriteAt(p, o.Offset+at)
		} else if _, err = img.ReadAt(p, o.Offset+at); err == io.EOF {
			err = nil
		}
		if err != nil {
			return err
		}
		if o.Verify && !bytes.Equal(p, want[:len(p)]) {
			return fmt.Errorf("Pattern verification failed at offset %d, %d bytes", o.Offset+at, len(p))
		}
	}
	return nil
}
