package verify

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/qomd/qomd/qom/internal/probe"
)

// Counterexample is a schedule that breaks a rule. Its text, see
// [Counterexample.WriteTo], is a script that [Replay] runs again.
type Counterexample struct {
	Config    string
	Mutant    string // empty: the core as it is
	Schedule  []byte // numbers of the threads, in the order they go on
	Steps     []Line
	Start     string // counters at the beginning
	Violation string
}

// Line is one step of a counterexample.
type Line struct {
	Thread   string
	Action   string // what the thread does
	Counters string // both counts of each object after that
}

func newCounterexample(p *program, mutant string, r *run) *Counterexample {
	return &Counterexample{
		Config: p.cfg.Name, Mutant: mutant, Schedule: append([]byte(nil), r.taken...), Violation: r.failure,
	}
}

// annotate runs the schedule again to tell what each step does.
func (c *Counterexample) annotate(p *program, mutant probe.Mutant) {
	r := newRun(p, mutant)
	defer r.close()
	c.Start = r.counters()
	for _, id := range c.Schedule {
		th := r.threads[id]
		line := Line{Thread: th.name, Action: th.pending.String()}
		if r.advance(id) != nil {
			return
		}
		line.Counters = r.counters()
		c.Steps = append(c.Steps, line)
	}
}

// WriteTo prints the counterexample as a script.
func (c *Counterexample) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Each step: the thread, what it does, and the counters after it (minus one, U: drained).\n")
	fmt.Fprintf(&b, "config %s\n", c.Config)
	if c.Mutant != "" {
		fmt.Fprintf(&b, "mutant %s\n", c.Mutant)
	}
	thread, action := 0, 0
	for _, s := range c.Steps {
		thread, action = max(thread, len(s.Thread)), max(action, len(s.Action))
	}
	fmt.Fprintf(&b, "start %-*s | %s\n", thread+action, "", c.Start)
	for _, s := range c.Steps {
		fmt.Fprintf(&b, "step %-*s %-*s | %s\n", thread, s.Thread, action, s.Action, s.Counters)
	}
	fmt.Fprintf(&b, "violation %s\n", c.Violation)
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// ParseCounterexample reads what [Counterexample.WriteTo] wrote. Lines that are
// empty or begin with # are left out.
func ParseCounterexample(in io.Reader) (*Counterexample, error) {
	c := &Counterexample{}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		word, rest, _ := strings.Cut(text, " ")
		rest = strings.TrimSpace(rest)
		switch word {
		case "config":
			c.Config = rest
		case "mutant":
			c.Mutant = rest
		case "violation":
			c.Violation = rest
		case "start", "step":
			before, counters, ok := strings.Cut(rest, "|")
			counters = strings.TrimSpace(counters)
			if word == "start" {
				c.Start = counters
				break
			}
			thread, action, ok2 := strings.Cut(strings.TrimSpace(before), " ")
			if !ok || !ok2 {
				return nil, fmt.Errorf("line %d: want 'step THREAD ACTION | COUNTERS'", n)
			}
			c.Steps = append(c.Steps, Line{thread, strings.TrimSpace(action), counters})
		default:
			return nil, fmt.Errorf("line %d: unknown word '%s'", n, word)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if c.Config == "" {
		return nil, fmt.Errorf("no line 'config NAME'")
	}
	return c, nil
}

// Replay runs the schedule of a counterexample again, step by step, on the
// core as it is now. It returns the rule that was broken, empty when none was,
// and an error when the core does not do what the script says. Without a
// reclaimer the model is used.
func Replay(c *Counterexample, reclaimer NewReclaimer) (violation string, err error) {
	cfg, err := ConfigByName(c.Config)
	if err != nil {
		return "", err
	}
	mutant, err := mutantByName(c.Mutant)
	if err != nil {
		return "", err
	}
	p, err := newProgram(cfg, reclaimer)
	if err != nil {
		return "", err
	}
	r := newRun(p, mutant)
	defer r.close()
	if got := r.counters(); c.Start != "" && c.Start != got {
		return "", fmt.Errorf("at the start: counters %s, want %s", got, c.Start)
	}
	r.inspect()
	for i, s := range c.Steps {
		id := r.threadByName(s.Thread)
		if id < 0 {
			return "", fmt.Errorf("step %d: no thread '%s'", i+1, s.Thread)
		}
		if got := r.threads[id].pending.String(); got != s.Action {
			return "", fmt.Errorf("step %d: %s does '%s', want '%s'", i+1, s.Thread, got, s.Action)
		}
		if err := r.advance(byte(id)); err != nil {
			return "", fmt.Errorf("step %d: %v", i+1, err)
		}
		if got := r.counters(); got != s.Counters {
			return r.failure, fmt.Errorf("step %d: counters %s, want %s", i+1, got, s.Counters)
		}
		r.inspect()
		if r.failure != "" {
			return r.failure, nil
		}
	}
	if len(r.choose(false)) == 0 {
		r.checkEnd()
	}
	return r.failure, nil
}

func (r *run) threadByName(name string) int {
	for _, th := range r.threads {
		if th.name == name {
			return th.id
		}
	}
	return -1
}

// inspect checks the present state.
func (r *run) inspect() digest {
	d := r.state()
	if r.failure == "" && r.atRest() {
		r.checkAtRest()
	}
	return d
}
