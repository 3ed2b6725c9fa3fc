package verify

import (
	"strings"
	"testing"

	"github.com/qomd/qomd/qom"
)

// impatient runs callbacks without waiting for readers.
type impatient struct{ *grace }

func (i impatient) Run() bool {
	for len(i.queue) > 0 {
		c := i.queue[0]
		i.queue = i.queue[1:]
		c.fn()
	}
	return true
}

// lifo runs the youngest callback first.
type lifo struct{ *grace }

func (l lifo) Run() bool {
	for len(l.queue) > 0 {
		c := l.queue[len(l.queue)-1]
		l.queue = l.queue[:len(l.queue)-1]
		c.fn()
	}
	return true
}

// Reclaimers that do it wrong are found out.
func TestReclaimers(t *testing.T) {
	for _, tc := range []struct {
		name string
		make NewReclaimer
		want string
	}{
		{"impatient", func(*qom.Tree, func()) Reclaimer { return impatient{newGrace(nil, nil).(*grace)} }, "while readers may see it"},
		{"lifo", func(*qom.Tree, func()) Reclaimer { return lifo{newGrace(nil, nil).(*grace)} }, "released out of order"},
		{"deaf", func(*qom.Tree, func()) Reclaimer { return newGrace(nil, func() {}) }, "callbacks are left"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg, err := ConfigByName("reader")
			if err != nil {
				t.Fatal(err)
			}
			for _, full := range []bool{false, true} {
				c := explore(t, cfg, Options{Preemptions: -1, Full: full, Reclaimer: tc.make}).Counterexample
				if c == nil || !strings.Contains(c.Violation, tc.want) {
					t.Errorf("full %v: %+v, want %s", full, c, tc.want)
				}
			}
		})
	}
}
