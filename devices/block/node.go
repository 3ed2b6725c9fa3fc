package block

import (
	"errors"
	"slices"

	"github.com/qomd/qomd/qmp/qjson"
)

// Node is one node of the graph; it corresponds to BlockDriverState in QEMU.
type Node struct {
	g        *Graph
	name     string
	driver   string
	options  *qjson.Object // that make the node what it is, without children and name
	exact    string        // a file name that says it all, empty for none
	children []*Edge       // newest first, as QEMU lists them
	parents  []*Edge       // newest first

	readOnly     bool
	autoReadOnly bool
	active       bool
	cache        Cache
	detectZeroes string
	aio          string // of the files below, empty: their own default
	probed       bool   // the format was guessed
	owned        bool   // made by blockdev-add: it stays when nobody uses it

	img        image
	perm       Perm // what the parents need, together
	shared     Perm // what all parents let others do
	closed     bool
	reopening  bool // just made read-only
	held       bool // its requests wait, see gate
	leaving    bool // a filter that is being taken out: it needs nothing any more
	committing bool // a mirror into its own backing chain
	implicit   bool // made by a job: queries about drives see through it
	inFlight   int
	threshold  uint64 // of block-set-write-threshold, 0: none
	highest    int64  // end of the furthest write
	bitmaps    []*bitmap
	header     *qcow2Header // of qcow2 nodes
	copyOnRead bool         // what is read and shows through is kept
	group      *group       // of throttle nodes
	opened     *qjson.Object
}

// Cache are the cache modes, which are kept and shown.
type Cache struct {
	NoFlush   bool `json:"no-flush"`
	Direct    bool `json:"direct"`
	Writeback bool `json:"writeback"`
}

// Name returns the node's name.
func (n *Node) Name() string { return n.name }

// Size returns the length in bytes.
func (n *Node) Size() int64 { return n.img.Size() }

// ReadOnly reports whether writes are refused.
func (n *Node) ReadOnly() bool { return n.readOnly }

// backend returns a backend that uses the node, nil for none.
func (n *Node) backend() *Backend {
	for _, e := range n.parents {
		if b, ok := e.parent.(*Backend); ok {
			return b
		}
	}
	return nil
}

// child returns the node of that edge, nil for none.
func (n *Node) child(name string) *Node {
	for _, e := range n.children {
		if e.name == name {
			return e.Node()
		}
	}
	return nil
}

// primary is the edge that the data comes from.
func (n *Node) primary() *Edge {
	for _, e := range n.children {
		if e.role == roleFiltered || e.name == "file" {
			return e
		}
	}
	return nil
}

// pins lists the node and all below it, each once.
func (n *Node) pins(list []*Node) []*Node {
	if slices.Contains(list, n) {
		return list
	}
	list = append(list, n)
	for _, e := range n.children {
		list = e.Node().pins(list)
	}
	return list
}

// release closes a node that nobody needs any more. It disappears at once; its
// file is closed when its last request is over.
func (g *Graph) release(n *Node) {
	if n.closed || n.owned || len(n.parents) > 0 {
		return
	}
	n.closed = true
	if i := slices.Index(g.nodes, n); i >= 0 {
		g.nodes = slices.Delete(g.nodes, i, i+1)
	}
	if n.group != nil {
		n.group.leave()
	}
	children := n.children
	if n.inFlight == 0 {
		g.finish(n)
	}
	for _, e := range children {
		c := e.Node()
		c.dropParent(e)
		g.release(c)
	}
	// What is left may be used more freely; that cannot fail.
	if err := g.refresh(); err != nil {
		g.opts.Log.Error("permissions after closing a node", "node", n.name, "error", err)
	}
}

// finish closes the file of a node that is closed.
func (g *Graph) finish(n *Node) {
	if n.active {
		if err := n.saveBitmaps(); err != nil {
			g.opts.Log.Error(err.Error())
		}
	}
	if err := n.img.Close(); err != nil {
		g.opts.Log.Warn("closing a block node", "node", n.name, "error", err)
	}
}

func (n *Node) dropParent(e *Edge) {
	if i := slices.Index(n.parents, e); i >= 0 {
		n.parents = slices.Delete(n.parents, i, i+1)
	}
}

// Resize changes the length of a node.
func (g *Graph) Resize(n *Node, size int64) error {
	if size < 0 {
		return errors.New("Parameter 'size' expects a >0 size")
	}
	if err := n.busyFor(opOther); err != nil {
		return err
	}
	if n.readOnly {
		return errors.New("Image is read-only")
	}
	for _, e := range n.parents {
		if e.shared&permResize == 0 {
			return conflict(n, permResize, "an unnamed block device", "root", e)
		}
	}
	r, ok := n.img.(resizer)
	if !ok {
		return errCannotGrow
	}
	old := n.Size()
	if err := r.Truncate(size); err != nil {
		return err
	}
	for _, b := range n.bitmaps {
		b.cut(size, old)
	}
	for _, e := range n.parents {
		if b, ok := e.parent.(*Backend); ok {
			b.resized()
		}
	}
	return nil
}
