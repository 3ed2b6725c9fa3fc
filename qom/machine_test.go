package qom_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/qom"
)

// node is what a plain model knows of an object.
type node struct {
	o        *qom.Object
	storage  *qom.Storage
	root     *node // whose storage it lives in; itself for a root
	parent   *node // nil: none; the tree's root is a node as well
	creation bool
	holds    []*qom.Hold
	link     *qom.Link
	target   *node
	dead     bool // finalized
}

// world is a tree and its model.
type world struct {
	tree  *qom.Tree
	nodes []*node
	n     int
}

func (w *world) track(o *qom.Object, root, parent *node, creation bool) *node {
	x := &node{o: o, storage: o.Storage(), root: root, parent: parent, creation: creation}
	if root == nil {
		x.root = x
	}
	w.nodes = append(w.nodes, x)
	return x
}

// TestLives drives objects with embedded children, links and holders at random
// and compares every phase with a model that counts references anew after each
// step.
func TestLives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{tree: qom.NewTree(boxTypes(nil))}
		w.tree.OnViolation = func(v qom.Violation) { rt.Errorf("%v", v) }
		w.track(w.tree.Root(), nil, nil, true)
		rt.Repeat(map[string]func(*rapid.T){
			"": w.check, "new": w.create, "adopt": w.adopt, "unparent": w.unparent,
			"unref": w.unref, "hold": w.hold, "release": w.release, "link": w.setLink,
		})
	})
}

func (w *world) pick(rt *rapid.T, label string, fits func(*node) bool) *node {
	var list []*node
	for _, x := range w.nodes {
		if !x.dead && fits(x) {
			list = append(list, x)
		}
	}
	if len(list) == 0 {
		rt.Skip("none")
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(rt, label)]
}

func (w *world) create(rt *rapid.T) {
	o, err := w.tree.New("box")
	if err != nil {
		rt.Fatal(err)
	}
	b := w.track(o, nil, nil, true)
	self := o.Self().(*box)
	lid := w.track(&self.lid.Object, b, b, false)
	w.track(&self.lid.knob.Object, b, lid, false)
	if b.link, err = o.AddLink("to", "object", false, nil); err != nil {
		rt.Fatal(err)
	}
}

func (w *world) adopt(rt *rapid.T) {
	c := w.pick(rt, "child", func(x *node) bool { return x.parent == nil && x.o != w.tree.Root() })
	// A cycle of parents would be a mistake of the caller, not a state to test.
	p := w.pick(rt, "parent", func(x *node) bool {
		for k := x; k != nil; k = k.parent {
			if k == c {
				return false
			}
		}
		return true
	})
	w.n++
	if err := p.o.AddChild(fmt.Sprint("n", w.n), c.o); err != nil {
		rt.Fatal(err)
	}
	c.parent = p
}

func (w *world) unparent(rt *rapid.T) {
	x := w.pick(rt, "object", func(x *node) bool { return x.parent != nil })
	x.o.Unparent()
	x.parent = nil
}

func (w *world) unref(rt *rapid.T) {
	x := w.pick(rt, "object", func(x *node) bool { return x.creation && x.o != w.tree.Root() })
	x.o.Unref()
	x.creation = false
}

func (w *world) hold(rt *rapid.T) {
	x := w.pick(rt, "object", func(*node) bool { return true })
	n := rapid.Uint32Range(1, 3).Draw(rt, "count")
	x.holds = append(x.holds, x.o.HoldN(qom.HoldUser, "test", n))
}

func (w *world) release(rt *rapid.T) {
	x := w.pick(rt, "object", func(x *node) bool { return len(x.holds) > 0 })
	i := rapid.IntRange(0, len(x.holds)-1).Draw(rt, "hold")
	h := x.holds[i]
	x.holds = slices.Delete(x.holds, i, i+1)
	h.Release()
}

func (w *world) setLink(rt *rapid.T) {
	x := w.pick(rt, "owner", func(x *node) bool { return x.link != nil })
	if rapid.Bool().Draw(rt, "clear") {
		x.link.Set(nil)
		x.target = nil
		return
	}
	x.target = w.pick(rt, "target", func(*node) bool { return true })
	x.link.Set(x.target.o)
}

// references counts what the model knows of on an object.
func (w *world) references(x *node) int {
	n := 0
	if x.creation {
		n++
	}
	if x.parent != nil {
		n++
	}
	for _, h := range x.holds {
		n += int(h.Count())
	}
	for _, y := range w.nodes {
		if y.target == x {
			n++
		}
	}
	return n
}

// settle lets objects die in the model that nobody refers to.
func (w *world) settle() {
	for again := true; again; {
		again = false
		for _, x := range w.nodes {
			if x.dead || w.references(x) > 0 {
				continue
			}
			x.dead, x.target, again = true, nil, true
			for _, c := range w.nodes {
				if c.parent == x {
					c.parent = nil
				}
			}
		}
	}
}

func (w *world) check(rt *rapid.T) {
	w.settle()
	for i, x := range w.nodes {
		freed := true
		for _, y := range w.nodes {
			if y.root == x.root && !y.dead {
				freed = false
			}
		}
		want := qom.Live
		switch {
		case freed:
			want = qom.Freed
		case x.dead:
			want = qom.Finalized
		}
		if x.o.Phase() != want || x.storage.Freed() != freed {
			rt.Errorf("object %d (%s) is %s, storage freed %v; want %s, %v", i, x.storage.TypeName(), x.o.Phase(), x.storage.Freed(), want, freed)
		}
		if want == qom.Live {
			inTree := x
			for inTree.parent != nil {
				inTree = inTree.parent
			}
			if (x.o.Path() != "") != (inTree.o == w.tree.Root()) {
				rt.Errorf("object %d has path %q", i, x.o.Path())
			}
		}
	}
	for err := range qom.Check(w.tree) {
		rt.Errorf("check: %v", err)
	}
}
