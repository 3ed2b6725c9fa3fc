package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/daemon"
	"github.com/qomd/qomd/qmp/qtest"
	"github.com/qomd/qomd/qom"
)

// Options are how a story is told.
type Options struct {
	// Seed replaces the seed of the guest's chance; nil: as the story says.
	Seed *uint64
	// Shared keeps what machines have in common over several stories; nil:
	// nothing is kept.
	Shared *daemon.Shared
	Log    *slog.Logger // of the machine; nil: silent
	// Step is told of every step before it is taken; nil: nobody is.
	Step func(n int, s *Step)
	// Record gets what clients and machine say to each other; nil: nobody does.
	Record io.Writer
}

// Result is what happened.
type Result struct {
	Steps int    // that were taken
	Bytes []byte // that the clients received, client by client
}

// Error is why a story failed.
type Error struct {
	File string
	Line int
	Step string // what was done
	Err  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d: after %s: %v", e.File, e.Line, e.Step, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// runner tells one story.
type runner struct {
	s      *Scenario
	opts   Options
	vm     *daemon.VM
	qtest  *qtest.Server
	story  *story
	ended  bool // and closed
	holds  map[string]*qom.Hold
	client map[string]*client
	all    []*client // in order of connecting

	mu         sync.Mutex
	wake       *sync.Cond
	kept       map[string]int // greetings and replies kept back, by client
	violations []qom.Violation
}

// Run tells a story. The error is an [*Error] when a step did not go as
// expected.
func Run(s *Scenario, o Options) (*Result, error) {
	res := &Result{}
	r, err := start(s, o)
	if err != nil {
		return res, fmt.Errorf("%s: %w", s.File, err)
	}
	err = r.steps(res)
	if e := r.end(); err == nil {
		err = e
	}
	res.Bytes = r.bytes()
	return res, err
}

// start starts the machine of a story and connects the first client.
func start(s *Scenario, o Options) (*runner, error) {
	if o.Record == nil {
		o.Record = io.Discard
	}
	if o.Shared == nil {
		o.Shared = new(daemon.Shared)
	}
	r := &runner{s: s, opts: o, client: map[string]*client{}, kept: map[string]int{}}
	r.wake = sync.NewCond(&r.mu)
	if err := r.boot(); err != nil {
		return nil, err
	}
	if err := r.connect(&Step{Client: Main}); err != nil {
		return nil, errors.Join(err, r.end())
	}
	return r, nil
}

// bytes returns what the clients received so far, client by client.
func (r *runner) bytes() (all []byte) {
	for _, c := range r.all {
		c.mu.Lock()
		all = append(all, "# "+c.name+"\n"...)
		all = append(all, c.raw...)
		c.mu.Unlock()
	}
	return all
}

// boot starts the machine.
func (r *runner) boot() error {
	cfg := r.s.Machine
	if r.opts.Seed != nil {
		cfg.GuestOptions.Seed = *r.opts.Seed
	}
	r.story = newStory()
	r.holds = map[string]*qom.Hold{}
	r.ended = false
	vm, err := daemon.Start(cfg, daemon.Options{
		Log: r.opts.Log, Shared: r.opts.Shared,
		OnEvent: r.story.emitted, OnKept: r.onKept, OnViolation: r.onViolation,
	})
	if err != nil {
		return err
	}
	r.vm = vm
	r.qtest = qtest.New(vm.Machine, r.opts.Log)
	return nil
}

// onKept counts greetings and replies that are kept back.
func (r *runner) onKept(monitor string, message []byte) {
	if bytes.HasPrefix(message, []byte(`{"timestamp"`)) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[monitor]++
	r.wake.Broadcast()
}

func (r *runner) onViolation(v qom.Violation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.violations = append(r.violations, v)
}

// steps takes all steps.
func (r *runner) steps(res *Result) error {
	for i := range r.s.Steps {
		s := &r.s.Steps[i]
		if r.opts.Step != nil {
			r.opts.Step(i+1, s)
		}
		err := r.step(s)
		if err == nil {
			err = r.check(s)
		}
		if err != nil {
			return &Error{r.s.File, s.Line, s.title(), err}
		}
		res.Steps++
	}
	return nil
}

// String tells what the step does.
func (s *Step) String() string { return s.title() }

// title is what a step does, for people.
func (s *Step) title() string {
	switch {
	case s.Verb == Clock:
		return s.Duration.String()
	case s.Text != "" && s.Verb == Command:
		return s.Text
	case s.Text != "":
		return string(s.Verb) + " " + s.Text
	}
	return string(s.Verb)
}

// end takes everything down and tells what is wrong by then.
func (r *runner) end() error {
	var errs []error
	for _, c := range r.client {
		c.conn.Close()
		<-c.far.closed
	}
	for _, h := range r.holds {
		r.vm.Machine.Do(h.Release)
	}
	leaks := r.vm.Close()
	if len(leaks) > 0 && r.s.Machine.Lifetime == "" {
		errs = append(errs, fmt.Errorf("%s: %d storages were never freed", r.s.File, len(leaks)))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, v := range r.violations {
		if i >= len(r.s.Violations) || r.s.Violations[i] != v.Kind.String() {
			errs = append(errs, fmt.Errorf("%s: %w", r.s.File, v))
		}
	}
	if n := len(r.violations); n < len(r.s.Violations) {
		errs = append(errs, fmt.Errorf("%s: %d violations of the rules of lifetime, expected %d", r.s.File, n, len(r.s.Violations)))
	}
	return errors.Join(errs...)
}

// connect adds a client and negotiates, as far as the step expects that.
func (r *runner) connect(s *Step) error {
	if old := r.client[s.Client]; old != nil && !old.isEOF() {
		return fmt.Errorf("client %s is connected already", s.Client)
	}
	if r.ended {
		return errors.New("there is no machine to connect to")
	}
	before := r.keptOf(s.Client)
	ours, theirs := net.Pipe()
	far := newFarEnd(theirs)
	c := newClient(s.Client, ours, r.note)
	c.far = far
	r.client[s.Client] = c
	r.all = append(r.all, c)
	r.vm.ServeConn(far, qmp.Monitor{Name: s.Client})
	switch s.Want.Greeting {
	case "refused":
		return c.closed()
	case "none":
		return r.waitKept(s.Client, before)
	}
	if err := c.greeting(); err != nil || s.Want.Greeting == "only" {
		return err
	}
	return c.negotiate()
}

// greeting takes the greeting.
func (c *client) greeting() error {
	l, err := c.line()
	if err != nil {
		return fmt.Errorf("no greeting: %w", err)
	}
	if !bytes.HasPrefix(l, []byte(`{"QMP"`)) {
		return fmt.Errorf("this is no greeting: %s", l)
	}
	c.record(c.name, "<-", l)
	return nil
}

func (c *client) negotiate() error {
	if err := c.send("qmp_capabilities", nil, nil); err != nil {
		return err
	}
	m, err := c.reply()
	switch {
	case err != nil:
		return err
	case m.failed != nil:
		return fmt.Errorf("negotiation failed: %s", m.failed.Desc)
	}
	c.ready = true
	c.order = nil
	return nil
}

func (r *runner) keptOf(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept[name]
}

// waitKept waits until a fault has kept something back from a client.
func (r *runner) waitKept(name string, before int) error {
	return wait(&r.mu, r.wake, func() bool { return r.kept[name] > before }, "no fault kept anything back")
}

// note writes the record.
func (r *runner) note(client, mark string, text []byte) {
	if client == Main {
		client = ""
	}
	fmt.Fprintf(r.opts.Record, "%s%s %s\n", mark, client, bytes.TrimRight(text, "\r\n"))
}
