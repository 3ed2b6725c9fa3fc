package block

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// BitmapHash returns the SHA-256 of what a bitmap has noted, as QEMU hashes it:
// one bit per granule, in little-endian words of 64.
func (g *Graph) BitmapHash(node, name string) (string, error) {
	n, b, err := g.findBitmap(node, name)
	if err != nil {
		return "", err
	}
	words := make([]uint64, max((n.Size()+64*b.granularity-1)/(64*b.granularity), 1))
	copy(words, b.dirty.words)
	raw := make([]byte, 0, 8*len(words))
	for _, w := range words {
		raw = binary.LittleEndian.AppendUint64(raw, w)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// GraphInfo is QEMU's XDbgBlockGraph.
type GraphInfo struct {
	Edges []GraphEdge `json:"edges"`
	Nodes []GraphNode `json:"nodes"`
}

// GraphNode is a node, a backend or a job.
type GraphNode struct {
	Name string `json:"name"`
	Type string `json:"type"`
	ID   int    `json:"id"`
}

// GraphEdge is the use of one by another.
type GraphEdge struct {
	Name   string   `json:"name"`
	Parent int      `json:"parent"`
	Shared []string `json:"shared-perm"`
	Perm   []string `json:"perm"`
	Child  int      `json:"child"`
}

// Debug tells the whole graph: backends, jobs and nodes, the last first.
func (g *Graph) Debug() GraphInfo {
	d := graphDebug{ids: map[any]int{}}
	for _, b := range g.backends {
		d.add(b, b.Label(), "block-backend", []*Edge{b.root})
	}
	for _, j := range g.liveJobs() {
		for _, b := range j.backends {
			d.add(b, "", "block-backend", []*Edge{b.root})
		}
	}
	for _, j := range g.liveJobs() {
		edges := slices.Clone(j.edges)
		slices.Reverse(edges)
		d.add(j, j.job.ID(), "block-job", edges)
	}
	for _, n := range g.nodes {
		d.add(n, n.name, "block-driver", n.children)
	}
	slices.Reverse(d.info.Nodes)
	slices.Reverse(d.info.Edges)
	return d.info
}

// graphDebug numbers what it meets.
type graphDebug struct {
	ids  map[any]int
	info GraphInfo
}

func (d *graphDebug) id(v any) int {
	if d.ids[v] == 0 {
		d.ids[v] = len(d.ids) + 1
	}
	return d.ids[v]
}

func (d *graphDebug) add(v any, name, kind string, edges []*Edge) {
	id := d.id(v)
	d.info.Nodes = append(d.info.Nodes, GraphNode{name, kind, id})
	for _, e := range edges {
		if e != nil {
			d.info.Edges = append(d.info.Edges, GraphEdge{e.name, id, graphPerms(e.shared), graphPerms(e.perm), d.id(e.Node())})
		}
	}
}

// graphPerms lists permissions, the last first.
func graphPerms(p Perm) []string {
	list := []string{}
	for i, name := range [...]string{"resize", "write-unchanged", "write", "consistent-read"} {
		if p&(permResize>>i) != 0 {
			list = append(list, name)
		}
	}
	return list
}

// ChangeChild adds a node to another's children, or takes one away. No driver
// here has children that can come and go.
func (g *Graph) ChangeChild(parent, child, node string) error {
	n, err := g.findReference(parent)
	switch {
	case err != nil:
		return err
	case child == "" && node == "":
		return errors.New("Either child or node must be specified")
	case child != "" && node != "":
		return errors.New("The parameters child and node are in conflict")
	case child != "" && n.edge(child) == nil:
		return fmt.Errorf("Node '%s' does not have child '%s'", parent, child)
	case child != "":
		return fmt.Errorf("The node %s does not support removing a child", n.label())
	case g.Node(node) == nil:
		return fmt.Errorf("Node '%s' not found", node)
	}
	return fmt.Errorf("The node %s does not support adding a child", n.label())
}
