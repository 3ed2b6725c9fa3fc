package verify

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/internal/probe"
)

// Options say how to explore.
type Options struct {
	// Workers is how many schedules run at a time; 0 means one.
	Workers int
	// Preemptions bounds how often a thread is interrupted that could go on;
	// negative means without bound, which alone is exhaustive.
	Preemptions int
	// Full tries all orders, also those known to be equivalent.
	Full bool
	// Orders tells states apart by the order in which objects were finalized,
	// freed and announced on the way: each end is then one observable order.
	Orders bool
	// Mutant is the name of a mistake to make, see [Mutants].
	Mutant string
	// Reclaimer makes the reclaimer of a run; nil takes the model.
	Reclaimer NewReclaimer
	// Progress is called now and then, if set.
	Progress func(Stats)
}

// Stats is how far an exploration has come.
type Stats struct {
	Config      string
	States      int64 // different ones
	Transitions int64 // steps that led to a state, new or seen
	Runs        int64 // schedules run from the start
	Depth       int64 // of the longest schedule
	Ends        int64 // states in which nothing can go on
	Elapsed     time.Duration
}

// PerSecond returns how many states were found per second.
func (s Stats) PerSecond() float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(s.States) / s.Elapsed.Seconds()
}

// Result is the outcome of an exploration.
type Result struct {
	Stats
	Leaks          []string        // what remained, as the configuration expects
	Counterexample *Counterexample // nil: no violation
}

// job is a schedule to run and to explore from.
type job struct {
	prefix      []byte
	asleep      threadSet // threads that sleep, before the last step of prefix
	preemptions int
}

// explorer is a search in progress.
type explorer struct {
	program *program
	opts    Options
	mutant  probe.Mutant
	reduce  bool

	mu      sync.Mutex
	wake    sync.Cond
	stack   []job
	busy    int
	stopped bool

	seen [64]shard

	states, transitions, runs, depth, ends atomic.Int64

	foundMu  sync.Mutex
	found    *Counterexample
	leaks    []string
	expected map[string]bool
}

// Explore explores a configuration. It ends early, with the error of the
// context, when that is done.
func Explore(ctx context.Context, cfg *Config, opts Options) (*Result, error) {
	mutant, err := mutantByName(opts.Mutant)
	if err != nil {
		return nil, err
	}
	p, err := newProgram(cfg, opts.Reclaimer)
	if err != nil {
		return nil, err
	}
	e := &explorer{program: p, opts: opts, mutant: mutant, expected: map[string]bool{}}
	e.reduce = !opts.Full && opts.Preemptions < 0 && !cfg.Unlocked
	e.wake.L = &e.mu
	for i := range e.seen {
		e.seen[i].m = map[digest]threadSet{}
	}
	e.stack = []job{{}}
	start := time.Now()
	done := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() { e.watch(ctx, start, done) })
	var workers sync.WaitGroup
	for range max(opts.Workers, 1) {
		workers.Go(e.work)
	}
	workers.Wait()
	close(done)
	watch.Wait()
	res := &Result{Stats: e.stats(start), Leaks: e.leaks, Counterexample: e.found}
	if res.Counterexample != nil {
		res.Counterexample.annotate(p, mutant)
	} else {
		if err := ctx.Err(); err != nil {
			return res, err
		}
		for _, kind := range cfg.Expect {
			if !e.expected[kind] && opts.Preemptions < 0 {
				return res, fmt.Errorf("configuration '%s': no schedule broke the rule '%s', which one should", cfg.Name, kind)
			}
		}
	}
	return res, nil
}

// watch reports progress, and stops the search when the context is done.
func (e *explorer) watch(ctx context.Context, start time.Time, done chan struct{}) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			e.stop()
			return
		case <-tick.C:
			if e.opts.Progress != nil {
				e.opts.Progress(e.stats(start))
			}
		}
	}
}

func (e *explorer) stats(start time.Time) Stats {
	return Stats{
		Config: e.program.cfg.Name, States: e.states.Load(), Transitions: e.transitions.Load(), Runs: e.runs.Load(),
		Depth: e.depth.Load(), Ends: e.ends.Load(), Elapsed: time.Since(start),
	}
}

func (e *explorer) stop() {
	e.mu.Lock()
	e.stopped = true
	e.mu.Unlock()
	e.wake.Broadcast()
}

// work runs jobs until there are none left. The newest comes first, which makes
// the search depth first and keeps the stack short.
func (e *explorer) work() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		for len(e.stack) == 0 && e.busy > 0 && !e.stopped {
			e.wake.Wait()
		}
		if len(e.stack) == 0 || e.stopped {
			e.wake.Broadcast()
			return
		}
		j := e.stack[len(e.stack)-1]
		e.stack = e.stack[:len(e.stack)-1]
		e.busy++
		e.mu.Unlock()
		e.explore(j)
		e.mu.Lock()
		e.busy--
		if e.busy == 0 {
			e.wake.Broadcast()
		}
	}
}

func (e *explorer) push(jobs []job) {
	if len(jobs) == 0 {
		return
	}
	e.mu.Lock()
	e.stack = append(e.stack, jobs...)
	e.mu.Unlock()
	e.wake.Broadcast()
}

// explore runs the schedule of a job and goes on from its end, always with the
// first thread there is to try, until it comes to a state that is known; the
// other threads become jobs.
func (e *explorer) explore(j job) {
	e.runs.Add(1)
	r := newRun(e.program, e.mutant)
	defer r.close()
	defer e.note(r)
	r.ordered = e.opts.Orders
	for _, id := range j.prefix {
		if err := r.advance(id); err != nil {
			r.fail("a schedule does not repeat: %v", err)
			break
		}
	}
	asleep := r.stillAsleep(j.asleep)
	if len(j.prefix) > 0 {
		e.transitions.Add(1)
	}
	for {
		key := r.inspect()
		if r.failure != "" {
			e.fail(r)
			return
		}
		list := r.choose(e.reduce)
		if len(list) == 0 {
			if todo, _ := e.visit(key, 1, 0); todo != 0 {
				e.end(r)
			}
			return
		}
		if e.opts.Preemptions >= 0 {
			list = bounded(list, r, e.opts.Preemptions-j.preemptions)
			key.add(uint64(j.preemptions)<<8 | uint64(r.lastThread()))
		}
		var all threadSet
		for _, th := range list {
			all |= 1 << th.id
		}
		if !e.reduce {
			asleep = 0
		}
		todo, sleep := e.visit(key, all, asleep)
		if todo == 0 {
			return
		}
		var next *thread
		var nextSleep threadSet
		var jobs []job
		preempted := func(th *thread) int {
			if r.preempts(th) {
				return 1
			}
			return 0
		}
		if todo&^all != 0 {
			list = r.threads // a sleeper that was not chosen then, but must not be missed now
		}
		for _, th := range list {
			if todo&(1<<th.id) == 0 {
				continue
			}
			if next == nil {
				next, nextSleep = th, sleep
			} else {
				prefix := append(append(make([]byte, 0, len(r.taken)+1), r.taken...), byte(th.id))
				jobs = append(jobs, job{prefix, sleep, j.preemptions + preempted(th)})
			}
			sleep |= 1 << th.id
		}
		e.push(jobs)
		j.preemptions += preempted(next)
		if err := r.advance(byte(next.id)); err != nil {
			r.fail("%v", err)
		}
		asleep = r.stillAsleep(nextSleep)
		e.transitions.Add(1)
	}
}

// checkAtRest checks what must hold while no thread is inside a step.
func (r *run) checkAtRest() {
	for err := range qom.Check(r.tree) {
		r.miscount("%v", err)
	}
	if err := r.opinion(); err != nil {
		r.fail("%v", err)
	}
}

// fail records a run that broke a rule, and stops the search.
func (e *explorer) fail(r *run) {
	e.foundMu.Lock()
	if e.found == nil || len(r.taken) < len(e.found.Schedule) {
		e.found = newCounterexample(e.program, e.opts.Mutant, r)
	}
	e.foundMu.Unlock()
	e.stop()
}

// end checks a state in which nothing can go on.
func (e *explorer) end(r *run) {
	e.ends.Add(1)
	leaks := r.checkEnd()
	if r.failure != "" {
		e.fail(r)
		return
	}
	e.foundMu.Lock()
	defer e.foundMu.Unlock()
	e.leaks = leaks
}

// note keeps what is known of a run when it ends or comes to a known state.
func (e *explorer) note(r *run) {
	for d, n := e.depth.Load(), int64(len(r.taken)); n > d && !e.depth.CompareAndSwap(d, n); {
		d = e.depth.Load()
	}
	if r.expected == nil {
		return
	}
	e.foundMu.Lock()
	defer e.foundMu.Unlock()
	for kind := range r.expected {
		e.expected[kind] = true
	}
}
