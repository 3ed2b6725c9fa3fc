package block

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// Options are what a graph needs of its machine.
type Options struct {
	Env  *qdev.Env
	Jobs *job.Jobs
	// Do runs a function under the machine's lock, for completions.
	Do func(func())
	// Open opens a file of the host; release is called once it is closed. nil:
	// os.OpenFile.
	Open func(path string, flags int) (f *os.File, release func(), err error)
	// Listen opens the socket of the NBD server; nil: chardev.Listen.
	Listen func(chardev.SocketOptions) (net.Listener, error)
	// Waiting reports whether the machine waits for a migration: nodes are
	// opened inactive then.
	Waiting func() bool
	Log     *slog.Logger // nil: nothing is logged
}

// Graph is all nodes and backends of a machine.
type Graph struct {
	opts     Options
	nodes    []*Node                // with a name, oldest first
	backends []*Backend             // with a name or a device, oldest first
	numbered int                    // of generated names
	groups   map[*qom.Object]*group // of throttle nodes
	pending  map[*request]struct{}
	gate     gate
	jobs     []*blockJob // newest first
	exports  []*export
	server   *server                   // nil: not running
	reached  map[*qjson.Object]reached // connections for nodes that are being opened
	closing  bool                      // nothing waits for time to pass any more
	running  sync.WaitGroup
}

// New returns an empty graph.
func New(o Options) *Graph {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Open == nil {
		o.Open = func(path string, flags int) (*os.File, func(), error) {
			f, err := os.OpenFile(path, flags&^chardev.Direct, 0)
			return f, func() {}, err
		}
	}
	if o.Listen == nil {
		o.Listen = chardev.Listen
	}
	return &Graph{opts: o, groups: map[*qom.Object]*group{}, pending: map[*request]struct{}{}}
}

// Node returns the node of that name, nil for none.
func (g *Graph) Node(name string) *Node {
	for _, n := range g.nodes {
		if n.name == name {
			return n
		}
	}
	return nil
}

// Nodes returns all nodes, oldest first.
func (g *Graph) Nodes() []*Node { return slices.Clone(g.nodes) }

// BackendOf returns the backend of a drive's id, nil for none.
func (g *Graph) BackendOf(id string) *Backend {
	for _, b := range g.backends {
		if b.id == id && id != "" {
			return b
		}
	}
	return nil
}

// Find returns the node behind a drive's id or of a node name, as QEMU looks
// for it: the drive first.
func (g *Graph) Find(device, node string) (*Node, error) {
	if device != "" {
		if b := g.BackendOf(device); b != nil {
			if b.Node() == nil {
				return nil, fmt.Errorf("Device '%s' has no medium", device)
			}
			return b.Node(), nil
		}
	}
	if node != "" {
		if n := g.Node(node); n != nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("Cannot find device='%s' nor node-name='%s'", device, node)
}

// findReference is Find where one name may be either.
func (g *Graph) findReference(name string) (*Node, error) { return g.Find(name, name) }

// Add opens the nodes that options describe and keeps them until [Graph.Del],
// as blockdev-add does. Values may be typed or text.
func (g *Graph) Add(opts *qjson.Object) error {
	if !opts.Has("node-name") {
		return errNoNodeName
	}
	n, err := g.open(opts, inherited{cache: defaultCache})
	if err != nil {
		return err
	}
	n.owned = true
	return nil
}

// AddText is Add with options as text, whose names may have dots.
func (g *Graph) AddText(opts *qjson.Object) error { return g.Add(unflatten(opts)) }

// Del closes a node that [Graph.Add] opened and nobody uses.
func (g *Graph) Del(name string) error {
	n := g.Node(name)
	switch {
	case n == nil:
		return fmt.Errorf("Failed to find node with node-name='%s'", name)
	case n.backend() != nil:
		return fmt.Errorf("Node %s is in use", name)
	case n.busyFor(opOther) != nil:
		return n.busyFor(opOther)
	case len(n.parents) > 0 && n.owned:
		return fmt.Errorf("Block device %s is in use", name)
	case !n.owned:
		return fmt.Errorf("Node %s is not owned by the monitor", name)
	}
	n.owned = false
	g.release(n)
	return nil
}

// emit sends an event.
func (g *Graph) emit(name string, data any) {
	if emit := g.opts.Env.Emit; emit != nil {
		emit(name, data)
	}
}

// Cancel ends the requests that wait for time to pass, with an error; for the
// end of the machine. Later ones do not wait.
func (g *Graph) Cancel() {
	g.closing = true
	if g.server != nil {
		g.StopServer()
	}
	for len(g.pending) > 0 {
		for r := range g.pending {
			r.cancel()
		}
	}
}

// Wait waits until the requests that run have been handed back. It must be
// called without the machine's lock.
func (g *Graph) Wait() { g.running.Wait() }

// Close closes all files, whoever still uses their nodes. No request may run.
func (g *Graph) Close() {
	for _, n := range slices.Backward(g.nodes) {
		n.closed = true
		g.finish(n)
		if n.group != nil {
			n.group.leave()
		}
	}
	g.nodes, g.backends = nil, nil
}
