package block

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/qmp/qjson"
)

// redirect makes an edge lead to another node, without looking at permissions.
func (g *Graph) redirect(e *Edge, to *Node) {
	e.Node().dropParent(e)
	e.node.Store(to)
	to.parents = slices.Insert(to.parents, 0, e)
}

// replace makes the users of one node users of another; what it returns undoes
// that. The old node is not released. Jobs mean the node itself and stay, and so
// do nodes that the other is made of, which would be above themselves: the target
// of a backup may show what it does not have from the disk that is backed up.
func (g *Graph) replace(from, to *Node) (undo func(), err error) {
	old, parts := slices.Clone(from.parents), to.pins(nil)
	var moved []*Edge
	for _, e := range slices.Backward(old) {
		if p, ok := e.parent.(*Node); !ok && !isJob(e) || ok && !slices.Contains(parts, p) {
			g.redirect(e, to)
			moved = append(moved, e)
		}
	}
	undo = func() {
		for _, e := range moved {
			to.dropParent(e)
			e.node.Store(from)
		}
		from.parents = old
	}
	if err := g.refresh(); err != nil {
		undo()
		return nil, errors.Join(err, g.refresh())
	}
	return undo, nil
}

func isJob(e *Edge) bool {
	switch p := e.parent.(type) {
	case *blockJob:
		return true
	case *Backend:
		return p.job
	}
	return false
}

// checkFilter refuses names that the filter node of a job cannot have.
func (g *Graph) checkFilter(name string) error {
	if name == "" {
		return nil
	}
	return g.checkName(name)
}

// putAbove makes a filter node for a job, which all users of n use from now on
// in its place. An empty name makes it implicit. The filter may have a target.
func (g *Graph) putAbove(n *Node, driver, name, child string, img *watchedImage, target *Node) (*Node, error) {
	f := &Node{
		g: g, driver: driver, name: name, implicit: name == "", options: qjson.NewObject(), opened: qjson.NewObject(),
		active: true, cache: n.cache, detectZeroes: "off", shared: permAll,
	}
	if name == "" {
		f.name = g.nextName()
	} else if err := g.checkName(name); err != nil {
		return nil, err
	}
	if err := checkActive(f, f.name, child, n); err != nil {
		return nil, fmt.Errorf("Could not create node: %w", err)
	}
	e := link(f, child, roleFiltered, n)
	f.children = []*Edge{e}
	if target != nil {
		f.children = []*Edge{link(f, "target", roleTarget, target), e}
	}
	img.childImage = childImage{edge: e, size: -1}
	f.img = img
	g.nodes = append(g.nodes, f)
	if _, err := g.replace(n, f); err != nil {
		f.abandon()
		return nil, err
	}
	return f, nil
}

// takeOut gives the users of a filter node to another node, and ends the filter.
func (g *Graph) takeOut(f, to *Node) error {
	f.leaving = true
	if _, err := g.replace(f, to); err != nil {
		f.leaving = false
		return err
	}
	if w, ok := f.img.(*watchedImage); ok {
		w.unwatch()
	}
	g.release(f)
	return nil
}

// setBacking changes what a node shows where it has nothing itself; nil for
// nothing. The node must be one that can have a backing node.
func (g *Graph) setBacking(n, backing *Node) error {
	img, ok := n.img.(backed)
	if !ok {
		return fmt.Errorf("Driver '%s' of node '%s' does not support backing files", n.driver, n.name)
	}
	if backing != nil && slices.Contains(backing.pins(nil), n) {
		return fmt.Errorf("Making '%s' a backing child of '%s' would create a cycle", backing.name, n.name)
	}
	old := n.edge("backing")
	before := n.children
	var e *Edge
	if backing != nil {
		e = link(n, "backing", roleBacking, backing)
		n.children = slices.Insert(slices.DeleteFunc(slices.Clone(n.children), func(c *Edge) bool { return c == old }), 0, e)
	} else {
		n.children = slices.DeleteFunc(slices.Clone(n.children), func(c *Edge) bool { return c == old })
	}
	if old != nil {
		old.Node().dropParent(old)
	}
	if err := g.refresh(); err != nil {
		n.children = before
		if e != nil {
			backing.dropParent(e)
		}
		if old != nil {
			old.Node().parents = slices.Insert(old.Node().parents, 0, old)
		}
		return errors.Join(err, g.refresh())
	}
	img.setBacking(e)
	if old != nil {
		g.release(old.Node())
	}
	return nil
}

// setReadOnly reopens a node, and the children that were opened with it, for
// writing too or for reading only. What it returns undoes that.
func (g *Graph) setReadOnly(n *Node, readOnly bool) (undo func(), err error) {
	var steps []func()
	back := func() {
		for _, step := range slices.Backward(steps) {
			step()
		}
		if err := g.refresh(); err != nil {
			g.opts.Log.Error("permissions after undoing a reopening", "error", err)
		}
	}
	for c := n; c != nil && err == nil; c = c.openedWith() {
		if c.readOnly == readOnly {
			continue
		}
		c.readOnly = readOnly
		steps = append(steps, func() {
			if err := c.saveBitmaps(); err != nil {
				g.opts.Log.Error(err.Error())
			}
			c.readOnly = !readOnly
			if err := c.useBitmaps(); err != nil {
				g.opts.Log.Error("bitmaps after undoing a reopening", "node", c.name, "error", err)
			}
		})
		switch img := c.img.(type) {
		case *fileImage:
			if err = img.reopen(readOnly); err == nil {
				steps = append(steps, func() { img.reopen(!readOnly) })
			}
		case *qcow2Image:
			if readOnly {
				c.readOnly = false // until its bitmaps are there
				err = c.saveBitmaps()
				c.readOnly = true
			}
		}
	}
	for c := n; c != nil && err == nil && !readOnly; c = c.openedWith() {
		err = c.nowWritable()
	}
	if err == nil {
		err = g.refresh()
	}
	if err != nil {
		back()
		return nil, err
	}
	return back, nil
}

// nowWritable prepares a node that has become one that can be written to, as has
// the file below it.
func (n *Node) nowWritable() error {
	s := n.store()
	if s == nil {
		return nil
	}
	if err := s.SetWritable(); err != nil {
		return err
	}
	return n.useBitmaps()
}

// openedWith returns the child that was opened together with a node, nil for
// none.
func (n *Node) openedWith() *Node {
	if e := n.primary(); e != nil && !e.Node().owned {
		return e.Node()
	}
	return nil
}

// chain lists the data of a node and of what is behind it, down to base, which
// is not in the list; nil for the whole chain.
func (n *Node) chain(base *Node) []image {
	var list []image
	for c := n; c != nil && c != base; c = c.behind() {
		list = append(list, c.img)
	}
	return list
}

// contains reports whether a node is in the chain behind n, or n itself.
func (n *Node) contains(other *Node) bool {
	for c := n; c != nil; c = c.behind() {
		if c == other {
			return true
		}
	}
	return false
}

// unfiltered is the first node behind filters, n itself if it is none.
func (n *Node) unfiltered() *Node {
	for n != nil && n.isFilter() {
		n = n.behind()
	}
	return n
}

// status tells where the content of a chain comes from: extentBehind means that
// nobody in it has it.
func status(chain []image, off, n int64) (extentKind, int64, error) {
	for _, img := range chain {
		if off >= img.Size() {
			return extentZero, n, nil // behind the end of a short image there are zeros
		}
		k, length, err := extent(img, off, min(n, img.Size()-off))
		if err != nil {
			return 0, 0, err
		}
		if length <= 0 {
			return extentData, n, nil
		}
		n = min(n, length)
		if k != extentBehind {
			return k, n, nil
		}
		// A filter says what its child says: the child will say it again.
	}
	return extentBehind, n, nil
}
