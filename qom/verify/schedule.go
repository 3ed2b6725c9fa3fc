package verify

import (
	"fmt"
	"iter"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/internal/probe"
)

// request is where a thread rests, and what it does next.
type request struct {
	point probe.Point // of the core; 0: one of our own
	name  string      // of our own
	rec   *record
	what  string
	vars  vars // what the next step may change or depend on

	lock bool        // needs the machine's lock to go on
	cond func() bool // and this to hold
}

func (q *request) String() string {
	s := q.name
	if q.point != 0 {
		s = q.point.String()
	}
	if q.rec != nil {
		s += " " + q.rec.String()
	}
	if q.what != "" {
		s += " (" + q.what + ")"
	}
	return s
}

// thread is a coroutine that runs a script.
type thread struct {
	id   int
	name string
	def  *Thread

	step    int    // of the script
	trail   digest // where the thread rested since the step began
	fresh   bool   // it rests at the beginning of a step
	pending request
	done    bool

	pinned bool
	unpin  func()
	epoch  uint64
	loaded *record

	yield func(struct{}) bool
	next  func() (struct{}, bool)
	stop  func()
	dead  bool // being unwound
}

// abandoned unwinds the stack of a thread that is not needed any more.
type abandoned struct{}

// run is one execution: a world and its threads.
type run struct {
	*world
	threads []*thread
	current *thread
	owner   *thread // of the machine's lock
	touched vars    // by the last step
	taken   []byte  // threads, in the order they went on
}

// newRun makes a world and lets each thread run to where it rests first.
func newRun(p *program, mutant probe.Mutant) *run {
	r := &run{}
	r.world = newWorld(p, &probe.Hook{Mutant: mutant, Unlocked: p.cfg.Unlocked, Yield: r.point})
	r.world.run = r
	if r.failure != "" {
		return r
	}
	r.hook.Running = true
	for i := range p.cfg.Threads {
		th := &thread{id: i, name: p.cfg.Threads[i].Name, def: &p.cfg.Threads[i]}
		th.next, th.stop = iter.Pull(r.body(th))
		r.threads = append(r.threads, th)
	}
	for _, th := range r.threads {
		r.resume(th)
	}
	return r
}

// body is what a thread does.
func (r *run) body(th *thread) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		th.yield = yield
		defer func() {
			th.done, th.fresh, th.trail = true, true, digest{}
			if v := recover(); v != nil {
				if _, ok := v.(abandoned); !ok {
					r.fail("panic: %v", v)
				}
			}
		}()
		switch th.def.Service {
		case "reclaim":
			r.reclaim(th)
		case "drain":
			r.mainLoop(th)
		default:
			for i := range th.def.Steps {
				th.begin(i)
				r.do(th, &th.def.Steps[i])
			}
		}
	}
}

// begin starts a step: what came before is told by the state of the world.
func (th *thread) begin(step int) { th.step, th.trail, th.fresh = step, digest{}, true }

// point is the hook of the core.
func (r *run) point(p probe.Point, obj any, what string) {
	th := r.current
	if th == nil {
		return // the world is being made
	}
	var rec *record
	if o, ok := obj.(*qom.Object); ok && o != nil {
		rec = r.byObject[o]
	}
	if p == probe.Finalizer && !r.cfg.Unlocked && r.owner != th {
		r.fail("finalizer of %v runs without the machine's lock", rec)
		panic(abandoned{})
	}
	if p == probe.Free && rec != nil {
		r.order.add(uint64(rec.index)<<2 | 1<<40)
	}
	r.park(th, request{point: p, rec: rec, what: what, vars: r.varsOf(p, rec)})
}

// park lets the thread rest until it is chosen.
func (r *run) park(th *thread, q request) {
	if th.dead {
		panic(abandoned{})
	}
	id := uint64(0)
	if q.rec != nil {
		id = uint64(q.rec.index) + 1
	}
	th.trail.add(uint64(q.point)<<32 | id<<8 | uint64(len(q.name)))
	th.pending = q
	if !th.yield(struct{}{}) {
		th.dead = true
		panic(abandoned{})
	}
	th.fresh = false
	r.touched |= q.vars
	if q.lock {
		r.owner = th
	}
}

// lock waits for the machine's lock and until cond holds.
func (r *run) lock(th *thread, v vars, cond func() bool) {
	if r.cfg.Unlocked && cond == nil {
		r.park(th, request{name: "begin", vars: ^vars(0)})
		return
	}
	r.park(th, request{name: "lock", vars: v | varLock, lock: true, cond: cond})
}

// unlock gives the machine's lock up. That is part of the step that comes
// before: giving up a lock commutes with all that others can do meanwhile.
func (r *run) unlock(th *thread) {
	if r.owner == th {
		r.owner = nil
		r.touched |= varLock
	}
}

// enabled reports whether a thread can go on.
func (r *run) enabled(th *thread) bool {
	if th.done {
		return false
	}
	q := &th.pending
	return !q.lock || r.owner == nil && (q.cond == nil || q.cond())
}

// resume lets a thread make one step.
func (r *run) resume(th *thread) {
	r.current, r.touched = th, 0
	th.next()
	r.current = nil
}

// advance is resume of a thread by number, for the record.
func (r *run) advance(id byte) error {
	if int(id) >= len(r.threads) {
		return fmt.Errorf("no thread %d", id)
	}
	th := r.threads[id]
	if !r.enabled(th) {
		return fmt.Errorf("%s cannot go on", th.name)
	}
	r.taken = append(r.taken, id)
	r.resume(th)
	return nil
}

// close unwinds all threads.
func (r *run) close() {
	for _, th := range r.threads {
		r.current = th
		th.stop()
	}
	r.current = nil
}
