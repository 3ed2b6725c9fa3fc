package verify

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/qom"
)

// model is the second opinion: who holds what, and nothing that counts. An
// object lives while somebody refers to it; storage lives while an object in it
// does. The scripts tell it what they did.
type model struct {
	objects   []modelObject
	slots     []modelSlot
	aggregate bool // all in one storage live and end together
}

type modelObject struct {
	root     int // record of the storage
	parent   int // record of the composition parent, -1: none or the root of the tree
	creation bool
	child    bool  // has its place in the parent
	links    []int // records plus one
	dead     bool
}

type slotState uint8

const (
	slotEmpty  slotState = iota
	slotHeld             // refers to an object
	slotQueued           // the same, until it is out of the queue of the tree
)

type modelSlot struct {
	state slotState
	on    int
}

// slotOf returns what the model knows of a slot.
func (m *model) slotOf(slots []*slot, s *slot) *modelSlot {
	return &m.slots[slices.Index(slots, s)]
}

// unite spreads what keeps one member of an aggregate alive to all of it.
func (m *model) unite(referred []bool) {
	for i, yes := range referred {
		for j := range referred {
			referred[j] = referred[j] || yes && m.objects[i].root == m.objects[j].root
		}
	}
}

func (m *model) clone() *model {
	c := &model{objects: slices.Clone(m.objects), slots: slices.Clone(m.slots), aggregate: m.aggregate}
	for i := range c.objects {
		c.objects[i].links = slices.Clone(c.objects[i].links)
	}
	return c
}

// settle lets die what nobody refers to, and what that referred to in turn.
func (m *model) settle() {
	referred := make([]bool, len(m.objects))
	for again := true; again; {
		again = false
		for i := range m.objects {
			o := &m.objects[i]
			referred[i] = o.creation || o.child && !(m.aggregate && o.parent >= 0 && m.objects[o.parent].root == o.root)
		}
		for _, s := range m.slots {
			if s.state != slotEmpty {
				referred[s.on] = true
			}
		}
		for i := range m.objects {
			for _, t := range m.objects[i].links {
				if t > 0 && !(m.aggregate && m.objects[t-1].root == m.objects[i].root) {
					referred[t-1] = true
				}
			}
		}
		if m.aggregate {
			m.unite(referred)
		}
		for i := range m.objects {
			o := &m.objects[i]
			if o.dead || referred[i] {
				continue
			}
			o.dead, again = true, true
			clear(o.links)
			for j := range m.objects {
				if m.objects[j].parent == i {
					m.objects[j].child = false
				}
			}
		}
	}
}

// opinion compares the world with the model, while no thread is inside a step.
// Which of the tokens handed in are still queued is read from the queue itself.
func (r *run) opinion() error {
	m := r.model.clone() // a state must not depend on when it was looked at
	queued := map[string]bool{}
	r.tree.ObserveQueue(r.hook, func(h *qom.Hold) { queued[h.Who()] = true })
	for i := range m.slots {
		if m.slots[i].state == slotQueued && !queued[r.slots[i].name] {
			m.slots[i] = modelSlot{}
		}
	}
	m.settle()
	for i, x := range r.records {
		o := &m.objects[i]
		freed := true
		for j := range m.objects {
			if m.objects[j].root == o.root && !m.objects[j].dead {
				freed = false
			}
		}
		want := qom.Live
		switch {
		case freed:
			want = qom.Freed
		case o.dead:
			want = qom.Finalized
		}
		if got := x.o.Phase(); got != want || x.s.Freed() != freed {
			return fmt.Errorf("%v is %v, storage freed %v; who holds what says %v, %v", x, got, x.s.Freed(), want, freed)
		}
		if x.realized && x.emitted != freed {
			return fmt.Errorf("%v was announced %v, storage freed %v", x, x.emitted, freed)
		}
		inTree := o.child && !o.dead
		for p := o.parent; inTree && p >= 0; p = m.objects[p].parent {
			inTree = m.objects[p].child
		}
		path := x.o.Path()
		if (path != "") != inTree {
			return fmt.Errorf("%v has path %q, in the tree %v", x, path, inTree)
		}
		if inTree {
			if o, _ := r.tree.Resolve(path, ""); o != x.o {
				return fmt.Errorf("path %q of %v leads elsewhere", path, x)
			}
		}
	}
	return nil
}
