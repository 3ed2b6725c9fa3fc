package block

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// Perm are kinds of access to a node.
type Perm uint8

// The kinds of access, with QEMU's numbers: they are also the places of the
// byte locks.
const (
	permRead           Perm = 1 << iota // and what is read makes sense
	permWrite                           // content changes
	permWriteUnchanged                  // writes that change nothing visible
	permResize
	permAll = permRead | permWrite | permWriteUnchanged | permResize
)

var permNames = [...]string{"consistent read", "write", "write unchanged", "resize"}

func (p Perm) String() string {
	var names []string
	for i, name := range permNames {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// Edge is the use of a node by a parent; it corresponds to BdrvChild.
type Edge struct {
	name   string // "root", "file", "backing", "image"
	parent parent
	role   role
	node   atomic.Pointer[Node]
	perm   Perm // what the parent needs
	shared Perm // what it lets others do
}

// Node returns the node that is used.
func (e *Edge) Node() *Node { return e.node.Load() }

// parent is who uses a node.
type parent interface {
	// describe says who it is, in messages.
	describe() string
}

func (n *Node) describe() string { return "node '" + n.name + "'" }

// role is what a node is to its parent; it decides what the parent needs.
type role uint8

const (
	roleRoot     role = iota // the parent is no node: it says itself what it needs
	roleFiltered             // the parent shows the same data
	roleStorage              // holds data and metadata of a format
	roleBacking              // behind a copy-on-write layer
	roleTarget               // a copy is made there
)

// link makes parent a user of node. It needs nothing yet.
func link(p parent, name string, r role, n *Node) *Edge {
	e := &Edge{name: name, parent: p, role: r, shared: permAll}
	e.node.Store(n)
	n.parents = slices.Insert(n.parents, 0, e)
	return e
}

// needs computes what a node needs of a child, from what its own parents need
// of it.
func (n *Node) needs(e *Edge) (perm, shared Perm) {
	if n.leaving {
		return 0, permAll
	}
	perm, shared = n.perm&permAll, n.shared&permAll
	switch e.role {
	case roleStorage:
		perm |= permRead
		if !n.active {
			break
		}
		if !n.readOnly {
			perm |= permWrite | permResize
		}
		shared &^= permWrite | permResize
	case roleBacking:
		// The layer above hides what changes below only if everybody may write.
		perm &= permRead
		if shared&permWrite != 0 {
			shared = permWrite | permResize
		} else {
			shared = 0
		}
		shared |= permRead | permWriteUnchanged
	case roleTarget:
		return permWrite, permAll &^ permResize
	}
	if n.driver == "raw" && n.options.Len() > 0 {
		shared &^= permResize // its place in the file was checked once
	}
	switch n.driver {
	case "copy-on-read":
		if n.active {
			perm |= permWriteUnchanged
		}
	case "copy-before-write":
		perm |= permRead // what is overwritten is read first
		shared &^= permWrite | permResize
	case "commit_top":
		// What is below changes while it is committed.
		perm, shared = 0, permAll
	case "mirror_top":
		if n.committing {
			perm &^= permRead
			shared |= permWrite
		}
	}
	return perm, shared
}

// conflict is the error of a user that needs what an edge does not share.
func conflict(n *Node, missing Perm, who, as string, unshared *Edge) error {
	return fmt.Errorf("Permission conflict on node '%s': permissions '%s' are both required by %s (uses node '%s' as '%s' child) "+
		"and unshared by %s (uses node '%s' as '%s' child).",
		n.name, missing, who, n.name, as, unshared.parent.describe(), n.name, unshared.name)
}

// check looks for parents of a node that exclude each other.
func (n *Node) check() error {
	for _, a := range n.parents {
		for _, b := range n.parents {
			if missing := b.perm &^ a.shared; a != b && missing != 0 && a.counts() && b.counts() {
				return conflict(n, missing, b.parent.describe(), b.name, a)
			}
		}
	}
	if n.perm&(permWrite|permWriteUnchanged) != 0 && n.readOnly {
		if n.reopening {
			return fmt.Errorf("Read-only block node '%s' cannot support read-write users", n.name)
		}
		return errReadOnly
	}
	return nil
}

// order lists all nodes, parents before children.
func (g *Graph) order() []*Node {
	var list []*Node
	seen := map[*Node]bool{}
	var visit func(n *Node)
	visit = func(n *Node) {
		if seen[n] || n.closed {
			return
		}
		seen[n] = true
		for _, e := range n.parents {
			if p, ok := e.parent.(*Node); ok {
				visit(p)
			}
		}
		list = append(list, n)
	}
	for _, n := range slices.Backward(g.nodes) {
		visit(n)
	}
	return list
}

// refresh computes who needs what after a change, and takes the locks of files.
// On an error everything is as it was before; the caller undoes its change.
func (g *Graph) refresh() error {
	type before struct{ perm, shared Perm }
	nodes := g.order()
	oldNodes := make([]before, len(nodes))
	var edges []*Edge
	var oldEdges []before
	var err error
	done := 0
	for i, n := range nodes {
		oldNodes[i] = before{n.perm, n.shared}
		done = i + 1
		n.perm, n.shared = 0, permAll
		for _, e := range n.parents {
			if e.counts() {
				n.perm |= e.perm
				n.shared &= e.shared
			}
		}
		if err = n.check(); err != nil {
			break
		}
		for _, e := range n.children {
			edges, oldEdges = append(edges, e), append(oldEdges, before{e.perm, e.shared})
			e.perm, e.shared = n.needs(e)
		}
	}
	if err == nil {
		err = lockFiles(nodes)
	}
	if err == nil {
		for _, n := range nodes {
			n.settleCopying()
		}
		return nil
	}
	for i, e := range edges {
		e.perm, e.shared = oldEdges[i].perm, oldEdges[i].shared
	}
	for i, n := range nodes[:done] {
		n.perm, n.shared = oldNodes[i].perm, oldNodes[i].shared
	}
	return err
}

// lockFiles takes the locks that nodes need now; when one cannot be had all are
// put back.
func lockFiles(nodes []*Node) error {
	var changed []*fileImage
	for _, n := range nodes {
		f, ok := n.img.(*fileImage)
		if !ok {
			continue
		}
		if err := f.lock(n.perm, n.shared); err != nil {
			err = errors.Join(err)
			for _, c := range changed {
				c.unlock()
			}
			return err
		}
		changed = append(changed, f)
	}
	for _, f := range changed {
		f.settle()
	}
	return nil
}
