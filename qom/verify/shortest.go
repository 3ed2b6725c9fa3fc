package verify

import (
	"context"

	"github.com/qomd/qomd/qom/internal/probe"
)

// Shortest searches a configuration breadth first, in all orders, and returns
// the counterexample of the fewest steps; nil when there is none of up to limit
// steps. Of the options the mutant and the reclaimer count.
func Shortest(ctx context.Context, cfg *Config, opts Options, limit int) (*Counterexample, error) {
	which, err := mutantByName(opts.Mutant)
	if err != nil {
		return nil, err
	}
	p, err := newProgram(cfg, opts.Reclaimer)
	if err != nil {
		return nil, err
	}
	b := &breadth{program: p, mutant: which, name: opts.Mutant, seen: map[digest]bool{}}
	level := [][]byte{nil}
	for depth := 0; depth <= limit && len(level) > 0; depth++ {
		var next [][]byte
		for _, prefix := range level {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if c := b.expand(prefix, &next); c != nil {
				c.annotate(p, which)
				return c, nil
			}
		}
		level = next
	}
	return nil, nil
}

// breadth is a search breadth first.
type breadth struct {
	program *program
	mutant  probe.Mutant
	name    string
	seen    map[digest]bool
}

// expand runs a schedule, checks where it ends, and adds the schedules that are
// longer by one, unless the state is known.
func (b *breadth) expand(prefix []byte, next *[][]byte) *Counterexample {
	r := newRun(b.program, b.mutant)
	defer r.close()
	for _, id := range prefix {
		if err := r.advance(id); err != nil {
			r.fail("a schedule does not repeat: %v", err)
		}
	}
	key := r.inspect()
	list := r.choose(false)
	if r.failure == "" && len(list) == 0 {
		r.checkEnd()
	}
	if r.failure != "" {
		return newCounterexample(b.program, b.name, r)
	}
	if b.seen[key] {
		return nil
	}
	b.seen[key] = true
	for _, th := range list {
		*next = append(*next, append(append(make([]byte, 0, len(prefix)+1), prefix...), byte(th.id)))
	}
	return nil
}
