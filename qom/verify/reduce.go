package verify

import "github.com/qomd/qomd/qom/internal/probe"

// vars is a set of variables that a step may change or depend on. Two steps
// without a common one lead to the same state in either order.
//
// Variables are only what threads can reach without the machine's lock: counts
// with their ledgers, whether storage is freed, the queue of tokens, the pins,
// the published view, and the lock itself. Tables of children, properties,
// phases and storage counts are changed under the lock and read under it: two
// threads cannot be there at once, and no other thread looks. Reads of a count
// that only ask whether it has drained are left out: off the lock a count
// changes in the hands of somebody who has a reference already, which does not
// change the answer.
type vars uint64

const (
	varQueue vars = 1 << (maxLabels + iota)
	varPin
	varView
	varLock
)

// threadSet is a set of threads by number.
type threadSet uint32

// varObject is the count and ledger of the objects of a label, and whether
// they are freed.
func varObject(label int) vars { return 1 << label }

// countsOf is varObject, and in an aggregate that of all objects in it: they
// share the count of references from outside.
func (p *program) countsOf(label int) vars {
	if p.cfg.Aggregate {
		for p.cfg.Objects[label].In != "" {
			label = p.label(p.cfg.Objects[label].In)
		}
		return p.inside[label]
	}
	return varObject(label)
}

// varsOf tells what a point of the core is about.
func (p *program) varsOf(point probe.Point, x *record) vars {
	if p.cfg.Unlocked {
		return ^vars(0) // without the lock everything is in reach
	}
	switch point {
	case probe.Ref, probe.Unref, probe.Adopt, probe.Drop:
		if x != nil {
			return p.countsOf(x.label)
		}
	case probe.Free:
		if x != nil {
			return p.inside[x.label]
		}
	case probe.Queue, probe.Dequeue:
		return varQueue
	}
	return 0
}

// findFutures computes, from the scripts, what each thread may touch off the
// lock from a step on.
func (p *program) findFutures() {
	on := map[string]string{} // object of a token
	for _, t := range p.cfg.Held {
		on[t.Name] = t.Object
	}
	p.future = make([][]vars, len(p.cfg.Threads))
	for i := range p.cfg.Threads {
		steps := p.cfg.Threads[i].Steps
		touch := make([]vars, len(steps)+1)
		loaded := ""
		for j, s := range steps {
			switch s.op {
			case opFind:
				on[s.token] = s.object
			case opShare:
				on[s.token] = on[s.from]
				touch[j] = p.countsOf(p.label(on[s.from]))
			case opAsync:
				touch[j] = varQueue
			case opPin, opUnpin:
				touch[j] = varPin
			case opLoad:
				loaded = s.object
				touch[j] = varView
			case opUse:
				touch[j] = varObject(p.label(loaded))
			}
		}
		for j := len(steps) - 1; j >= 0; j-- {
			touch[j] |= touch[j+1]
		}
		p.future[i] = touch
	}
}

// choose returns the threads to try in a state, in this order; none means that
// the run is over.
//
// It returns a single one, the owner of the lock, when no other thread can
// touch what its next step touches. Until the owner gives the lock up all that
// others do is off the lock, so their steps commute with this one: every
// schedule from here has an equivalent that begins with it. The owner's step is
// announced where it rests; what it does up to where it rests next is under the
// lock and no variable. Every step brings its thread forward, so the graph of
// states has no cycles, and nobody is put off for ever. States are skipped, but
// no end, no step of production code, and no value that a rule speaks of: each
// rule is about one variable, or about what only owners of the lock change.
//
// Otherwise it returns all that can go on, the owner last: a thread that was
// tried sleeps in the branches of those after it as long as their steps do not
// touch what its step is about, and that is known in advance off the lock only.
func (r *run) choose(reduce bool) []*thread {
	var list []*thread
	var others vars
	for _, th := range r.threads {
		if th == r.owner {
			continue
		}
		if r.enabled(th) {
			list = append(list, th)
		}
		if !th.done && th.def.Service == "" {
			others |= r.future[th.id][th.step]
		}
	}
	if r.owner != nil {
		if reduce && !r.cfg.Unlocked && r.owner.pending.vars&others == 0 {
			return []*thread{r.owner}
		}
		list = append(list, r.owner)
	}
	return list
}

// stillAsleep returns those of the sleeping threads whose next step does not
// depend on the one that was just made.
func (r *run) stillAsleep(set threadSet) threadSet {
	for _, th := range r.threads {
		if bit := threadSet(1) << th.id; set&bit != 0 && (th.done || th == r.owner || th.pending.vars&r.touched != 0) {
			set &^= bit
		}
	}
	return set
}
