package qomtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/qomd/qomd/qom"
)

// NewTree returns a tree for the test. Broken rules fail the test where they
// happen. When the test ends the tree is checked, closed, and whatever is not
// freed by then is reported with its holders.
//
// Where something has to settle before and after the tree is closed, such as
// callbacks that wait for a grace period, the owner closes the tree itself, in
// a t.Cleanup registered after NewTree.
func NewTree(t testing.TB, types *qom.Types) *qom.Tree {
	t.Helper()
	tree := qom.NewTree(types)
	tree.OnViolation = func(v qom.Violation) { t.Errorf("%v", v) }
	t.Cleanup(func() {
		tree.Drain()
		Check(t, tree)
		if tree.Root().Phase() == qom.Live {
			tree.Close()
		}
		if report := Leaks(tree); report != "" {
			t.Errorf("not freed at the end:\n%s", report)
		}
	})
	return tree
}

// Check fails the test for each invariant of the tree that does not hold.
func Check(t testing.TB, tree *qom.Tree) {
	t.Helper()
	for err := range qom.Check(tree) {
		t.Errorf("check: %v", err)
	}
}

// Leaks lists the storages that are not freed, oldest first, with who holds
// the objects in them; it is empty when there are none.
func Leaks(tree *qom.Tree) string {
	var lines []string
	for s := range tree.Storages() {
		lines = append(lines, describe(s))
	}
	for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	return strings.Join(lines, "\n")
}

func describe(s *qom.Storage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s #%d", s.TypeName(), s.Generation())
	if path := s.FormerPath(); path != "" {
		fmt.Fprintf(&b, " (was %s)", path)
	}
	for _, o := range append([]*qom.Object{s.Root()}, s.Members()...) {
		if o == nil || o.Phase() >= qom.Finalized {
			continue
		}
		fmt.Fprintf(&b, "\n  %s is %s, count %d", o.TypeName(), o.Phase(), int64(int32(o.Ref()))+1)
		for _, h := range o.Holds() {
			fmt.Fprintf(&b, ", %s %q", h.Kind(), h.Who())
		}
	}
	return b.String()
}
