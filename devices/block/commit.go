package block

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/job"
)

// CommitOptions describe a commit: what the layers from Top down have is
// written to Base, and the layers go.
type CommitOptions struct {
	JobOptions
	Top, TopNode   string // by file or by node; both empty: the node itself
	Base, BaseNode string // both empty: the end of the chain
	Backing        *string
	Filter         string
	OnError        OnError
}

// errNoDevice is the error that libvirt looks for.
type errNoDevice struct{ name string }

func (e errNoDevice) Error() string { return fmt.Sprintf("Device '%s' not found", e.name) }

// DeviceNotFound reports whether an error is that of a drive that does not
// exist, which has a class of its own.
func DeviceNotFound(err error) bool {
	var e errNoDevice
	return errors.As(err, &e)
}

// Commit starts a commit.
func (g *Graph) Commit(device string, o CommitOptions) error {
	n, err := g.rootNode(device)
	if err != nil {
		if _, err := g.findReference(device); err != nil {
			return errNoDevice{device}
		}
		return err
	}
	top, base, err := g.commitRange(n, o)
	if err != nil {
		return err
	}
	for c := top; c != nil && c != base.behind(); c = c.behind() {
		if err := c.busyFor(opCommitTarget); err != nil {
			return err
		}
	}
	if top == base {
		return errors.New("cannot commit an image into itself")
	}
	if writer := top.perm&permWrite != 0; writer || top.unfiltered() == n.unfiltered() {
		switch {
		case o.Backing != nil && top.unfiltered() == n.unfiltered():
			return errors.New("'backing-file' specified, but 'top' is the active layer")
		case o.Backing != nil:
			return errors.New("'backing-file' specified, but 'top' has a writer on it")
		}
		m := &mirror{source: top, target: base, base: base, opts: MirrorOptions{
			JobOptions: o.JobOptions, Sync: "top", Filter: o.Filter, OnSource: o.OnError, OnTarget: o.OnError,
		}}
		return g.startMirror(m, "commit")
	}
	overlay := n
	for overlay.behind() != top {
		overlay = overlay.behind()
	}
	if err := overlay.busyFor(opCommitTarget); err != nil {
		return err
	}
	return g.startCommit(&commit{opts: o, overlay: overlay.unfiltered(), top: top, base: base})
}

// commitRange finds the nodes that a commit is about.
func (g *Graph) commitRange(n *Node, o CommitOptions) (top, base *Node, err error) {
	top = n
	switch {
	case o.TopNode != "" && o.Top != "":
		return nil, nil, errors.New("'top-node' and 'top' are mutually exclusive")
	case o.TopNode != "":
		if top, err = g.Find("", o.TopNode); err != nil {
			return nil, nil, err
		}
		if !n.contains(top) {
			return nil, nil, fmt.Errorf("'%s' is not in this backing file chain", o.TopNode)
		}
	case o.Top != "" && n.filename() != o.Top:
		if top = n.backingOf(o.Top); top == nil {
			return nil, nil, fmt.Errorf("Top image file %s not found", o.Top)
		}
	}
	switch {
	case o.BaseNode != "" && o.Base != "":
		return nil, nil, errors.New("'base-node' and 'base' are mutually exclusive")
	case o.BaseNode != "":
		if base, err = g.Find("", o.BaseNode); err != nil {
			return nil, nil, err
		}
		if !top.contains(base) {
			return nil, nil, fmt.Errorf("'%s' is not in this backing file chain", o.BaseNode)
		}
	case o.Base != "":
		if base = top.backingOf(o.Base); base == nil {
			return nil, nil, fmt.Errorf("Can't find '%s' in the backing chain", o.Base)
		}
	default:
		if base = top.last(); base == nil {
			return nil, nil, errors.New("There is no backimg image")
		}
	}
	return top, base, nil
}

// last is the end of a chain.
func (n *Node) last() *Node {
	for n.behind() != nil {
		n = n.behind()
	}
	return n
}

// backingOf returns the node behind n that a file name means, as it stands in
// the image above or as the node is called; nil for none.
func (n *Node) backingOf(name string) *Node {
	for c := n; c != nil; c = c.behind() {
		b := c.behind()
		if b == nil {
			break
		}
		if b.filename() == name || c.header != nil && (c.header.Backing == name || c.header.backingPath == name) {
			return b
		}
	}
	return nil
}

// commit is the job that commits layers below the active one.
type commit struct {
	*blockJob
	opts               CommitOptions
	overlay, top, base *Node
	filter             *Node
	undo               func()
}

func (g *Graph) startCommit(c *commit) error {
	if err := g.checkFilter(c.opts.Filter); err != nil {
		return err
	}
	b, err := g.newJob(c.opts.JobOptions, "commit", c.top, job.Spec{
		Run: func(*job.Job) error { return c.run() }, Prepare: c.prepare, Clean: c.clean,
	})
	if err != nil {
		return err
	}
	c.blockJob = b
	if err := c.attach(); err != nil {
		c.clean()
		b.discard()
		return err
	}
	b.job.Start()
	return nil
}

func (c *commit) attach() (err error) {
	g := c.g
	if c.undo, err = g.setReadOnly(c.base, false); err != nil {
		return err
	}
	if c.filter, err = g.putAbove(c.top, "commit_top", c.opts.Filter, "backing", &watchedImage{}, nil); err != nil {
		return err
	}
	c.block("main node", c.filter)
	for n := c.top; n != nil && n != c.base; n = n.behind() {
		c.block("intermediate node", n)
	}
	c.block("base", c.base)
	if err := c.use(c.base, permRead|permWrite|permResize, permRead|permWriteUnchanged); err != nil {
		return err
	}
	if c.base.Size() >= c.top.Size() {
		return nil
	}
	r, ok := c.base.img.(resizer)
	if !ok {
		return errCannotGrow
	}
	return r.Truncate(c.top.Size())
}

func (c *commit) run() error {
	c.g.drained(func() {})
	var chain []image
	c.job.Do(func() { chain = c.top.chain(c.base) })
	size := c.top.img.Size()
	c.job.SetTotal(size)
	for off := int64(0); off < size; {
		var n int64
		copied := false
		err := c.persist(c.opts.OnError, c.opts.OnError, func() error {
			k, part, err := status(chain, off, min(size-off, copyStep))
			n, copied = part, k != extentBehind
			if err != nil {
				return &ioError{false, err}
			}
			if !copied {
				return nil
			}
			c.job.Do(func() { c.base.wrote(off, part) })
			return copyRange(c.base.img, c.top.img, k, off, part)
		})
		if err != nil {
			return err
		}
		off += n
		c.job.Advance(n)
		if !copied {
			n = 0
		}
		if err := c.pace(n); err != nil {
			return err
		}
	}
	return c.base.img.Flush()
}

// prepare makes the overlay's backing node the base.
func (c *commit) prepare() error {
	name, format := c.base.exactName(), c.base.driver
	if name == "" {
		name = c.base.filename()
	}
	if c.opts.Backing != nil {
		name = *c.opts.Backing
	}
	for _, back := range c.backends {
		back.drop()
	}
	c.backends = nil
	if err := c.g.changeBackingFile(c.overlay, name, format); err != nil {
		return err
	}
	if err := c.g.takeOut(c.filter, c.base); err != nil {
		return err
	}
	c.filter = nil
	return nil
}

func (c *commit) clean() {
	if c.filter != nil {
		if err := c.g.takeOut(c.filter, c.top); err != nil {
			c.g.opts.Log.Error("taking a commit's filter out", "error", err)
		}
		c.filter = nil
	}
	for _, back := range c.backends {
		back.drop()
	}
	c.backends = nil
	if c.undo != nil {
		c.undo()
		c.undo = nil
	}
}

// changeBackingFile writes into an image what is behind it: a name and a
// format, both empty for nothing. The image is made writable for that.
func (g *Graph) changeBackingFile(n *Node, name, format string) error {
	q, ok := n.img.(*qcow2Image)
	if !ok {
		return fmt.Errorf("Could not change the backing file of '%s': Operation not supported", n.name)
	}
	undo, err := g.setReadOnly(n, false)
	if err != nil {
		return err
	}
	defer undo()
	if err := q.img.SetBacking(name, format); err != nil {
		return err
	}
	n.setHeader(q.img.Header())
	return nil
}
