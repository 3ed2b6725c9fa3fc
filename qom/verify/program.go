package verify

import (
	"fmt"

	"github.com/qomd/qomd/qom"
)

// program is a configuration made ready to run: its types, the numbers of its
// labels and tokens, and which variables each thread may still touch.
type program struct {
	cfg   *Config
	types *qom.Types

	newReclaimer NewReclaimer

	labels map[string]int
	tokens []string
	slotOf map[string]int
	kids   [][]int  // labels embedded directly, by label
	inside []vars   // variables of a label and of all labels embedded in it
	future [][]vars // by thread and step: what it may touch off the lock from there on
}

// maxLabels leaves bits for the variables that are not objects.
const maxLabels = 56

func newProgram(cfg *Config, reclaimer NewReclaimer) (*program, error) {
	if reclaimer == nil {
		reclaimer = newGrace
	}
	p := &program{cfg: cfg, newReclaimer: reclaimer, labels: map[string]int{}, slotOf: map[string]int{}, types: qom.NewTypes(nil)}
	if len(cfg.Objects) > maxLabels || len(cfg.Threads) > 32 {
		return nil, fmt.Errorf("configuration '%s' is too large", cfg.Name)
	}
	p.kids = make([][]int, len(cfg.Objects))
	for i := range cfg.Objects {
		d := &cfg.Objects[i]
		p.labels[d.Label] = i
		if d.In != "" {
			in, ok := p.labels[d.In]
			if !ok {
				return nil, fmt.Errorf("configuration '%s': '%s' comes before '%s', which it is in", cfg.Name, d.Label, d.In)
			}
			p.kids[in] = append(p.kids[in], i)
		}
	}
	p.inside = make([]vars, len(cfg.Objects))
	for i := len(cfg.Objects) - 1; i >= 0; i-- {
		p.inside[i] |= varObject(i)
		for _, k := range p.kids[i] {
			p.inside[i] |= p.inside[k]
		}
	}
	for i := range cfg.Objects {
		p.addType(i)
	}
	for _, t := range cfg.Held {
		p.token(t.Name)
	}
	for i := range cfg.Threads {
		for _, s := range cfg.Threads[i].Steps {
			for _, label := range []string{s.object} {
				if _, ok := p.labels[label]; label != "" && !ok {
					return nil, fmt.Errorf("configuration '%s': no object '%s'", cfg.Name, label)
				}
			}
			if s.token != "" {
				p.token(s.token)
			}
		}
	}
	p.findFutures()
	return p, nil
}

func (p *program) label(name string) int { return p.labels[name] }

// token numbers a token.
func (p *program) token(name string) {
	if _, ok := p.slotOf[name]; !ok {
		p.slotOf[name] = len(p.tokens)
		p.tokens = append(p.tokens, name)
	}
}

// addType makes the type of an object. Its functions find the world by the
// tree, for the types are shared by all runs.
func (p *program) addType(label int) {
	d := &p.cfg.Objects[label]
	info := qom.TypeInfo{Name: d.Label, Parent: "object", New: func() qom.Instance { return new(outer) }}
	info.Init = func(o *qom.Object) {
		w := o.Tree().Context.(*world)
		x := w.born(label, o)
		for range d.Links {
			l, err := o.AddLink(fmt.Sprint("link", len(x.links)), "object", false, nil)
			if err != nil {
				w.fail("%v", err)
				return
			}
			x.links = append(x.links, l)
		}
		for n, kid := range p.kids[label] {
			k := &p.cfg.Objects[kid]
			parent := o
			if k.Parent != d.Label {
				parent = w.latest[p.label(k.Parent)].o
			}
			if _, err := w.tree.EmbedChild(o, parent, k.Label, embedded(o.Self(), n), k.Label); err != nil {
				w.fail("%v", err)
			}
		}
	}
	info.Finalize = func(o *qom.Object) {
		w := o.Tree().Context.(*world)
		w.order.add(uint64(w.byObject[o].index) << 1)
		for _, a := range d.Finalizer {
			if a.Hold != "" {
				w.latest[p.label(a.Hold)].o.Hold(qom.HoldUser, d.Label+"'s finalizer").Release()
			}
			if a.Use != "" {
				gone := qom.FinalizingPhase
				if p.cfg.Aggregate {
					gone = qom.Finalized // all begin to be finalized at once
				}
				if x := w.latest[p.label(a.Use)]; x.o.Phase() >= gone {
					w.misused("use-after-finalize", "%s's finalizer reads %v, which is %v", d.Label, x, x.o.Phase())
				}
			}
		}
	}
	p.types.Add(info)
}
