package block

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/job"
)

// StreamOptions describe a stream: a node gets what it shows of the nodes
// behind it, down to the base, and these go.
type StreamOptions struct {
	JobOptions
	Base, BaseNode string // by file or by node; both empty: everything is copied
	Bottom         string // the last node that is copied
	Backing        *string
	Filter         string
	OnError        OnError
}

// Stream starts a stream.
func (g *Graph) Stream(device string, o StreamOptions) error {
	switch {
	case o.Base != "" && o.BaseNode != "":
		return errors.New("'base' and 'base-node' cannot be specified at the same time")
	case o.Base != "" && o.Bottom != "":
		return errors.New("'base' and 'bottom' cannot be specified at the same time")
	case o.Bottom != "" && o.BaseNode != "":
		return errors.New("'bottom' and 'base-node' cannot be specified at the same time")
	}
	n, err := g.findReference(device)
	if err != nil {
		return err
	}
	s := &stream{opts: o, node: n}
	if err := s.find(device, g); err != nil {
		return err
	}
	for c := n; c != nil && c != s.base; c = c.behind() {
		if err := c.busyFor(opStream); err != nil {
			return err
		}
	}
	if s.base == nil && o.Backing != nil {
		return errors.New("backing file specified, but streaming the entire chain")
	}
	return g.startStream(s)
}

// stream is the job.
type stream struct {
	*blockJob
	opts    StreamOptions
	node    *Node
	base    *Node // nil: the whole chain is copied
	filter  *Node
	watched *watchedImage
	undo    func()
}

// find finds the base.
func (s *stream) find(device string, g *Graph) (err error) {
	o := s.opts
	switch {
	case o.Base != "":
		if s.base = s.node.backingOf(o.Base); s.base == nil {
			return fmt.Errorf("Can't find '%s' in the backing chain", o.Base)
		}
	case o.BaseNode != "":
		if s.base, err = g.Find("", o.BaseNode); err != nil {
			return err
		}
		if s.node == s.base || !s.node.contains(s.base) {
			return fmt.Errorf("Node '%s' is not a backing image of '%s'", o.BaseNode, device)
		}
	case o.Bottom != "":
		bottom, err := g.Find("", o.Bottom)
		if err != nil {
			return err
		}
		switch {
		case bottom.isFilter():
			return fmt.Errorf("Node '%s' is a filter, use a non-filter node as 'bottom'", o.Bottom)
		case !s.node.contains(bottom):
			return fmt.Errorf("Node '%s' is not in a chain starting from '%s'", o.Bottom, device)
		}
		s.base = bottom.behind()
	}
	return nil
}

func (g *Graph) startStream(s *stream) error {
	if err := g.checkFilter(s.opts.Filter); err != nil {
		return err
	}
	b, err := g.newJob(s.opts.JobOptions, "stream", s.node, job.Spec{
		Run: func(*job.Job) error { return s.run() }, Idle: s.idle, Prepare: s.prepare, Clean: s.clean,
	})
	if err != nil {
		return err
	}
	s.blockJob = b
	if err := s.attach(); err != nil {
		s.clean()
		b.discard()
		return err
	}
	b.job.Start()
	return nil
}

// idle reports whether there is nothing to copy from.
func (s *stream) idle() bool {
	n := s.node.unfiltered()
	return n == nil || n.behind() == s.base
}

func (s *stream) attach() (err error) {
	if s.undo, err = s.g.setReadOnly(s.node, false); err != nil {
		return err
	}
	s.watched = &watchedImage{}
	if s.filter, err = s.g.putAbove(s.node, "copy-on-read", s.opts.Filter, "file", s.watched, nil); err != nil {
		return err
	}
	s.block("main node", s.filter)
	for n := s.node; n != nil && n != s.base; n = n.behind() {
		s.block("intermediate node", n)
	}
	return nil
}

func (s *stream) run() error {
	s.g.drained(func() {})
	var own, rest []image
	s.job.Do(func() {
		top := s.node.unfiltered()
		own, rest = s.node.chain(top.behind()), top.behind().chain(s.base)
	})
	size := s.node.img.Size()
	s.job.SetTotal(size)
	for off := int64(0); off < size; {
		var n int64
		copied := false
		err := s.persist(s.opts.OnError, s.opts.OnError, func() error {
			// A guest must not write between our reading and our writing.
			s.watched.mu.Lock()
			defer s.watched.mu.Unlock()
			k, part, err := status(own, off, min(size-off, copyStep))
			if err == nil && k == extentBehind {
				k, part, err = status(rest, off, part)
				copied = k != extentBehind
			}
			if n = part; err != nil {
				return &ioError{false, err}
			}
			if !copied {
				return nil
			}
			return copyRange(own[len(own)-1], s.node.img, k, off, part)
		})
		if err != nil {
			return err
		}
		off += n
		s.job.Advance(n)
		if !copied {
			n = 0
		}
		if err := s.pace(n); err != nil {
			return err
		}
	}
	return s.node.img.Flush()
}

// prepare takes the nodes that were copied out of the chain.
func (s *stream) prepare() error {
	top := s.node.unfiltered()
	if s.filter != nil {
		if err := s.g.takeOut(s.filter, s.node); err != nil {
			return err
		}
		s.filter = nil
	}
	if top == nil || top.edge("backing") == nil {
		return nil
	}
	name, format := "", ""
	if s.base != nil {
		if named := s.base.unfiltered(); named != nil {
			if name, format = named.exactName(), named.driver; name == "" {
				name = named.filename()
			}
		}
	}
	if s.opts.Backing != nil {
		name = *s.opts.Backing
	}
	if err := s.g.setBacking(top, s.base); err != nil {
		return err
	}
	return s.g.changeBackingFile(top, name, format)
}

func (s *stream) clean() {
	if s.filter != nil {
		if err := s.g.takeOut(s.filter, s.node); err != nil {
			s.g.opts.Log.Error("taking a stream's filter out", "error", err)
		}
		s.filter = nil
	}
	if s.undo != nil {
		s.undo()
		s.undo = nil
	}
}
