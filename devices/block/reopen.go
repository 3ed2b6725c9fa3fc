package block

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/qomd/qomd/qmp/qjson"
)

// Reopen changes the options of nodes; all of them, or none when one cannot be
// changed.
func (g *Graph) Reopen(list []*qjson.Object) error {
	var undo []func()
	for _, o := range list {
		u, err := g.reopen(o)
		if u != nil {
			undo = append(undo, u)
		}
		if err == nil {
			err = g.refresh()
		}
		if err != nil {
			for i := len(undo) - 1; i >= 0; i-- {
				undo[i]()
			}
			if again := g.refresh(); again != nil {
				g.opts.Log.Error("permissions after undoing a change of options", "error", again)
			}
			return err
		}
	}
	for _, n := range g.nodes {
		n.reopening = false
	}
	return nil
}

func (g *Graph) reopen(o *qjson.Object) (undo func(), err error) {
	name, ok := text(o, "node-name")
	if !ok {
		return nil, errors.New("node-name not specified")
	}
	n := g.Node(name)
	if n == nil {
		return nil, fmt.Errorf("Failed to find node with node-name='%s'", name)
	}
	if driver, _ := text(o, "driver"); driver != n.driver {
		return nil, errors.New("Cannot change the option 'driver'")
	}
	for key, v := range o.All() {
		if common[key] {
			continue
		}
		if e := n.edge(key); e != nil {
			if ref, ok := v.(string); !ok || ref != e.Node().name {
				return nil, fmt.Errorf("Cannot change the option '%s'", key)
			}
			continue
		}
		if old, _ := n.opened.Get(key); !reflect.DeepEqual(old, v) {
			return nil, fmt.Errorf("Cannot change the option '%s'", key)
		}
	}
	old := *n
	fresh := Node{g: g}
	if err := fresh.readCommon(o, inherited{cache: defaultCache}); err != nil {
		return nil, err
	}
	undo = func() {
		n.reopening = false
		n.autoReadOnly, n.cache, n.detectZeroes = old.autoReadOnly, old.cache, old.detectZeroes
	}
	n.reopening = fresh.readOnly && !old.readOnly
	if fresh.readOnly != n.readOnly {
		back, err := g.setReadOnly(n, fresh.readOnly)
		if err != nil {
			n.reopening = false
			return nil, err
		}
		settings := undo
		undo = func() { settings(); back() }
	}
	n.autoReadOnly, n.cache = fresh.autoReadOnly, fresh.cache
	if fresh.detectZeroes == "" {
		fresh.detectZeroes = "off"
	}
	n.detectZeroes = fresh.detectZeroes
	return undo, nil
}

// edge returns the use of a child by that name, nil for none.
func (n *Node) edge(name string) *Edge {
	for _, e := range n.children {
		if e.name == name {
			return e
		}
	}
	return nil
}
