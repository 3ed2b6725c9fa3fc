package block

import (
	"errors"
	"fmt"
	"slices"
)

// A node is inactive while the image belongs to another process: that of a
// machine which waits for a migration, or which has given itself away. It holds
// no locks and is not written, and what it knows of its content may be old.

// A reloader is an image that keeps some of its content in memory.
type reloader interface {
	// reload forgets that, for another process has changed the content.
	reload(n *Node) error
}

// SetActive activates or inactivates a node and those below it, or all with an
// empty name. When a lock cannot be had all stays as it was.
func (g *Graph) SetActive(name string, active bool) error {
	if name == "" {
		return g.changeActive(active, slices.DeleteFunc(g.Nodes(), func(n *Node) bool { return !active && n.below(nil) }))
	}
	n := g.Node(name)
	switch {
	case n == nil:
		return fmt.Errorf("Failed to find node with node-name='%s'", name)
	case !active && n.below((*Node).isActive):
		return errors.New("Node has active parent node")
	}
	return g.changeActive(active, []*Node{n})
}

func (g *Graph) changeActive(active bool, list []*Node) error {
	var changed []*Node
	for _, n := range list {
		changed = n.setActive(active, changed)
	}
	if len(changed) == 0 {
		return nil
	}
	var err error
	if !active {
		err = letBitmapsGo(changed)
	}
	if err == nil {
		err = g.refresh()
	}
	for _, n := range slices.Backward(g.order()) {
		r, ok := n.img.(reloader)
		if err == nil && active && ok && slices.Contains(changed, n) {
			err = r.reload(n)
		}
	}
	if err == nil {
		return nil
	}
	for _, n := range changed {
		n.active = !active
	}
	if again := g.refresh(); again != nil {
		g.opts.Log.Error("permissions after a node was not activated", "error", again)
	}
	if !active {
		for _, n := range changed {
			if err := n.loadBitmaps(); err != nil {
				g.opts.Log.Error("bitmaps of a node that was not inactivated", "node", n.name, "error", err)
			}
		}
	}
	return err
}

// letBitmapsGo leaves the bitmaps of nodes to who has the images next.
func letBitmapsGo(list []*Node) error {
	for _, n := range list {
		if err := n.saveBitmaps(); err != nil {
			return err
		}
	}
	for _, n := range list {
		n.dropStored()
	}
	return nil
}

// setActive changes a node and those below it, and adds them to a list. What
// somebody else above needs stays active, and so does what is below a node that
// is inactive already.
func (n *Node) setActive(active bool, changed []*Node) []*Node {
	switch {
	case n.active != active:
		n.active = active
		changed = append(changed, n)
	case !active:
		return changed
	}
	for _, e := range n.children {
		if c := e.Node(); active || c.active && !c.below((*Node).isActive) {
			changed = c.setActive(active, changed)
		}
	}
	return changed
}

func (n *Node) isActive() bool { return n.active }

// below reports whether there is a node above this one, of which what is true;
// nil: any.
func (n *Node) below(what func(*Node) bool) bool {
	return slices.ContainsFunc(n.parents, func(e *Edge) bool {
		p, ok := e.parent.(*Node)
		return ok && (what == nil || what(p))
	})
}

// checkActive refuses an inactive node as the child of an active one.
func checkActive(parent *Node, parentName, child string, c *Node) error {
	if parent.active && !c.active {
		return fmt.Errorf("Inactive '%s' can't be a %s child of active '%s'", c.name, child, parentName)
	}
	return nil
}

// counts reports whether the needs of an edge matter: who is no node asks
// nothing of an inactive one.
func (e *Edge) counts() bool {
	_, ok := e.parent.(*Node)
	return ok || e.Node().active
}
