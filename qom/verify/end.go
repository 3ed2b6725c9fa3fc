package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/qom"
)

// checkEnd checks a state in which no thread can go on: every script is
// through, the queues are empty, and what is not freed is in the tree, held by
// a token, or a leak that the configuration expects. It returns the leaks, each
// with those who hold it.
func (r *run) checkEnd() []string {
	for _, th := range r.threads {
		if !th.done && (th.def.Service == "" || !th.fresh) {
			r.fail("%s waits for ever: %v", th.name, &th.pending)
		}
	}
	r.tree.ObserveQueue(r.hook, func(h *qom.Hold) { r.fail("token %s is left in the queue", h.Who()) })
	if n := r.reclaimer.Len(); n > 0 || len(r.queue) > 0 {
		r.fail("%d callbacks are left", n)
	}
	alive := map[*record]bool{} // storages with an object that is in the tree or held by a token
	for _, x := range r.records {
		if x.o.Phase() != qom.Freed && x.o.Path() != "" {
			alive[x.root] = true
		}
	}
	for i, s := range r.slots {
		if s.hold != nil && r.model.slots[i].state != slotEmpty {
			alive[r.records[r.model.slots[i].on].root] = true
		}
	}
	var labels, leaks []string
	for _, x := range r.records {
		if x.s.Freed() || alive[x.root] || x.o.Phase() != qom.Live {
			continue
		}
		labels = append(labels, x.String())
		var by []string
		for _, h := range x.o.Holds() {
			by = append(by, h.Kind().String()+" "+h.Who())
		}
		if p := x.o.Parent(); p != nil {
			by = append(by, "child of "+r.byObject[p].String())
		}
		leaks = append(leaks, fmt.Sprintf("%v (%s)", x, strings.Join(by, ", ")))
	}
	want := slices.Clone(r.cfg.Leak)
	slices.Sort(want)
	slices.Sort(labels)
	if !slices.Equal(want, labels) {
		r.fail("%s", leakText(leaks, want))
	}
	return leaks
}

func leakText(leaks, want []string) string {
	if len(leaks) == 0 {
		return fmt.Sprintf("no leak, expected of %s", strings.Join(want, ", "))
	}
	text := "leak: " + strings.Join(leaks, "; ")
	if len(want) > 0 {
		text += "; expected: " + strings.Join(want, ", ")
	}
	return text
}
