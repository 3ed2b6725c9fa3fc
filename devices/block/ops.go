package block

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/job"
)

// operation is what somebody wants to do with a node, as far as it matters to
// those who may be against it.
type operation uint8

const (
	opOther operation = iota
	opCommitTarget
	opStream
	opBackup
)

// label is how messages call a node: by its drive, if it has one.
func (n *Node) label() string {
	if id := n.Drive(); id != "" {
		return id
	}
	return n.name
}

// Drive is the id of a node's drive, empty for none.
func (n *Node) Drive() string {
	if b := n.namedBackend(); b != nil {
		return b.id
	}
	return ""
}

// busyFor returns why something cannot be done with a node now, nil when it
// can.
func (n *Node) busyFor(op operation) error {
	for _, e := range n.parents {
		switch p := e.parent.(type) {
		case *blockJob:
			return fmt.Errorf("Node '%s' is busy: block device is in use by block job: %s", n.label(), p.kind)
		case *Node:
			if e.role == roleBacking && op == opOther {
				return fmt.Errorf("Node '%s' is busy: node is used as backing hd of '%s'", n.label(), p.label())
			}
		}
	}
	return nil
}

// pulse holds the jobs that use a node for a moment, as draining it does.
func (g *Graph) pulse(n *Node) {
	seen := map[*job.Job]bool{}
	var up func(n *Node)
	up = func(n *Node) {
		for _, e := range slices.Clone(n.parents) {
			switch p := e.parent.(type) {
			case *Node:
				up(p)
			case *blockJob:
				if !seen[p.job] {
					seen[p.job] = true
					p.job.Pulse()
				}
			}
		}
	}
	up(n)
}

// rootNode finds a node that no other node uses.
func (g *Graph) rootNode(name string) (*Node, error) {
	n, err := g.findReference(name)
	if err != nil {
		return nil, err
	}
	for _, e := range n.parents {
		if _, ok := e.parent.(*Node); ok {
			return nil, errors.New("Need a root block node")
		}
	}
	return n, nil
}
