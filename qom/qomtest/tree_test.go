package qomtest_test

import (
	"strings"
	"testing"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

// recorder is a test that notes what it is told instead of failing.
type recorder struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, format)
}
func (r *recorder) Cleanup(fn func()) { r.cleanups = append(r.cleanups, fn) }

func (r *recorder) end() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

func TestReports(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(tree *qom.Tree)
		want int
	}{
		{"nothing wrong", func(*qom.Tree) {}, 0},
		{"a leak", func(tree *qom.Tree) { tree.Root().Child("c").Hold(qom.HoldUser, "forgetful") }, 1},
		{"a violation", func(tree *qom.Tree) {
			h := tree.Root().Hold(qom.HoldUser, "test")
			h.Release()
			h.Release()
		}, 1},
		{"closed by its owner", func(tree *qom.Tree) { tree.Close() }, 0},
	} {
		r := &recorder{TB: t}
		tree := qomtest.NewTree(r, qom.NewTypes(nil))
		if _, err := tree.NewChild(tree.Root(), "c", "container"); err != nil {
			t.Fatal(err)
		}
		tc.do(tree)
		r.end()
		if len(r.errors) != tc.want {
			t.Errorf("%s: %d complaints, want %d: %v", tc.name, len(r.errors), tc.want, r.errors)
		}
	}
}

func TestLeaks(t *testing.T) {
	tree := qom.NewTree(qom.NewTypes(nil))
	o, err := tree.NewChild(tree.Root(), "c", "container")
	if err != nil {
		t.Fatal(err)
	}
	h := o.Hold(qom.HoldDMAMap, "transfer 7")
	tree.Close()
	report := qomtest.Leaks(tree)
	for _, part := range []string{"container #2 (was /c)", "live, count 1", `dma-map "transfer 7"`} {
		if !strings.Contains(report, part) {
			t.Errorf("%q is not in:\n%s", part, report)
		}
	}
	h.Release()
	if report := qomtest.Leaks(tree); report != "" {
		t.Error(report)
	}
}
