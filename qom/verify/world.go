package verify

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/internal/probe"
)

// The structs that objects live in: up to four embedded ones, each with up to
// two of its own.
type (
	outer struct {
		qom.Object
		kids [4]inner
	}
	inner struct {
		qom.Object
		kids [2]leaf
	}
	leaf struct{ qom.Object }
)

// record is one incarnation of an object of the configuration.
type record struct {
	def      *Object
	label    int // index of def
	index    int // of the record
	life     int // 1 for the first object of that label
	o        *qom.Object
	s        *qom.Storage
	root     *record // whose storage it lives in
	depth    int
	links    []*qom.Link
	view     *slot // Mapped: what the view and the bus hold
	bus      *slot
	realized bool
	emitted  bool
}

func (x *record) String() string {
	if x == nil {
		return "?"
	}
	if x.life > 1 {
		return fmt.Sprintf("%s#%d", x.def.Label, x.life)
	}
	return x.def.Label
}

// slot is a place for a token.
type slot struct {
	name string
	hold *qom.Hold
}

// retired is a token that goes after a grace period.
type retired struct {
	slot  *slot
	epoch uint64
}

// world is a tree made after a configuration, with all that threads share.
type world struct {
	*program
	run      *run
	hook     *probe.Hook
	tree     *qom.Tree
	records  []*record
	byObject map[*qom.Object]*record
	latest   []*record // by label
	slots    []*slot
	model    model

	published []*record // by label: what readers find
	reclaimer Reclaimer
	epoch     uint64
	queue     []retired
	// reclaimSoon: the reclaimer has to look at its queue; waiting: it looked,
	// and readers were in the way.
	reclaimSoon, waiting bool
	woken                bool // the main loop has to look at the queue of tokens

	ordered bool   // the order of what can be observed is part of the state
	order   digest // of finalizers, frees and events so far

	failure  string          // the first broken rule
	expected map[string]bool // kinds of violations seen that were expected
}

// newWorld makes the objects that exist at the beginning.
func newWorld(p *program, hook *probe.Hook) *world {
	w := &world{
		program: p, hook: hook, byObject: make(map[*qom.Object]*record, len(p.cfg.Objects)),
		latest: make([]*record, len(p.cfg.Objects)), published: make([]*record, len(p.cfg.Objects)),
		records: make([]*record, 0, len(p.cfg.Objects)),
	}
	w.tree = qom.NewTree(p.types)
	w.tree.Instrument(hook)
	w.tree.Context = w
	w.tree.Now = func() int64 { return 1 }
	if p.cfg.Aggregate {
		w.tree.Policy = qom.Aggregate
	}
	w.tree.OnViolation = w.violated
	w.tree.OnAsync = func() { w.woken = true }
	w.reclaimer = p.newReclaimer(w.tree, func() { w.reclaimSoon, w.waiting = true, false })
	for _, name := range p.tokens {
		w.slots = append(w.slots, &slot{name: name})
	}
	w.model.aggregate = p.cfg.Aggregate
	w.model.slots = make([]modelSlot, len(w.slots))
	for i := range p.cfg.Objects {
		if d := &p.cfg.Objects[i]; d.In == "" && !d.Later {
			w.make(i, true)
		}
	}
	for i := range p.cfg.Objects {
		if x := w.latest[i]; x != nil {
			w.link(x)
		}
	}
	for i, t := range p.cfg.Held {
		w.take(i, w.latest[p.label(t.Object)])
	}
	return w
}

// make makes the object of a label with all that is embedded in it, and
// realizes it unless it is to fail.
func (w *world) make(label int, realize bool) *record {
	d := &w.cfg.Objects[label]
	o, err := w.tree.New(d.Label)
	if err != nil {
		w.fail("%v", err)
		return nil
	}
	x := w.byObject[o]
	if d.Parent != "" {
		parent := w.tree.Root()
		if d.Parent != "/" {
			parent = w.latest[w.label(d.Parent)].o
		}
		if err := parent.AddChild(d.Label, o); err != nil {
			w.fail("%v", err)
			return x
		}
		w.model.objects[x.index].child = true
	}
	for _, m := range w.aggregate(x) {
		if m != x || realize {
			w.realize(m)
		}
	}
	if d.Parent != "" && realize {
		w.model.objects[x.index].creation = false
		o.Unref()
	}
	return x
}

// aggregate lists the records that live in the storage of a root, outermost
// first.
func (w *world) aggregate(root *record) []*record {
	var list []*record
	for _, x := range w.records {
		if x.root == root {
			list = append(list, x)
		}
	}
	return list
}

// realize is what a device's realization does to lifetimes: it is announced
// when it is freed, and view and bus hold it.
func (w *world) realize(x *record) {
	if x.def.Device {
		x.realized = true
		x.o.OnFree(func() { w.event(x) })
	}
	if x.def.Mapped {
		x.view = w.newSlot("view:"+x.def.Label, x, qom.HoldFlatRange)
		x.bus = w.newSlot("bus:"+x.def.Label, x, qom.HoldBusChild)
		if r := w.run; r != nil && r.current != nil {
			r.park(r.current, request{name: "publish", rec: x, vars: varView})
		}
		w.published[x.label] = x
	}
}

func (w *world) newSlot(name string, x *record, kind qom.HoldKind) *slot {
	s := &slot{name: name, hold: x.o.Hold(kind, name)}
	w.slots = append(w.slots, s)
	w.model.slots = append(w.model.slots, modelSlot{state: slotHeld, on: x.index})
	return s
}

// take puts a token on an object into a slot of the configuration.
func (w *world) take(i int, x *record) {
	w.slots[i].hold = x.o.Hold(qom.HoldUser, w.slots[i].name)
	w.model.slots[i] = modelSlot{state: slotHeld, on: x.index}
}

// link sets the links of an object.
func (w *world) link(x *record) {
	for i, target := range x.def.Links {
		if t := w.latest[w.label(target)]; t != nil && target != "" {
			x.links[i].Set(t.o)
			w.model.objects[x.index].links[i] = t.index + 1
		}
	}
}

// born records an object; its type's initializer calls it.
func (w *world) born(label int, o *qom.Object) *record {
	d := &w.cfg.Objects[label]
	x := &record{def: d, label: label, index: len(w.records), life: 1, o: o, s: o.Storage()}
	if old := w.latest[label]; old != nil {
		x.life = old.life + 1
	}
	x.root = x
	if d.In != "" {
		in := w.latest[w.label(d.In)]
		x.root, x.depth = in.root, in.depth+1
	}
	w.records = append(w.records, x)
	w.byObject[o] = x
	w.latest[label] = x
	w.model.objects = append(w.model.objects, modelObject{
		root: x.root.index, creation: d.In == "", child: d.In != "", links: make([]int, len(d.Links)), parent: -1,
	})
	if d.Parent != "" && d.Parent != "/" {
		w.model.objects[x.index].parent = w.latest[w.label(d.Parent)].index
	}
	return x
}

// embedded returns the place of the n-th object embedded in a struct.
func embedded(self qom.Instance, n int) qom.Instance {
	switch s := self.(type) {
	case *outer:
		return &s.kids[n]
	case *inner:
		return &s.kids[n]
	}
	return nil
}

// violated is told by the core of broken rules.
func (w *world) violated(v qom.Violation) {
	kind := v.Kind.String()
	if slices.Contains(w.cfg.Expect, kind) {
		if w.expected == nil {
			w.expected = map[string]bool{}
		}
		w.expected[kind] = true
		return
	}
	w.fail("%s of %s: %s", kind, v.Type, v.Text)
	if w.run.current != nil {
		panic(abandoned{})
	}
}

// misused reports a mistake that the core cannot see: a finalizer that uses
// what is finalized.
func (w *world) misused(kind, format string, args ...any) {
	if slices.Contains(w.cfg.Expect, kind) {
		if w.expected == nil {
			w.expected = map[string]bool{}
		}
		w.expected[kind] = true
		return
	}
	w.fail(kind+": "+format, args...)
}

func (w *world) fail(format string, args ...any) {
	if w.failure == "" {
		w.failure = fmt.Sprintf(format, args...)
	}
}

// event is the deletion event of an object. It must come once, after free, and
// after those of the objects embedded in it.
func (w *world) event(x *record) {
	switch {
	case !x.realized:
		w.fail("event of %v, which was never realized", x)
	case x.emitted:
		w.fail("second event of %v", x)
	case !x.s.Freed():
		w.fail("event of %v before its storage is freed", x)
	}
	for _, y := range w.records {
		if y.root == x.root && y.depth > x.depth && y.realized && !y.emitted {
			w.fail("event of %v before that of %v, which is embedded", x, y)
		}
	}
	x.emitted = true
	w.order.add(uint64(x.index)<<1 | 1)
}
