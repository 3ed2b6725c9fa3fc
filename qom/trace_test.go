package qom

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pair is a heap object with an embedded child, the P and C of the traces.
type pair struct {
	Object
	c child
}

type child struct{ Object }

// traceTypes lets a test watch the counters from inside the finalizers.
func traceTypes(watch func(event string)) *Types {
	t := NewTypes(nil)
	t.Add(TypeInfo{
		Name: "p", Parent: "object",
		New: func() Instance { return new(pair) },
		Init: func(o *Object) {
			p := o.Self().(*pair)
			if _, err := o.Tree().EmbedChild(o, o, "c", &p.c, "c"); err != nil {
				panic(err)
			}
		},
		Finalize: func(*Object) { watch("P's finalizer") },
	})
	t.Add(TypeInfo{
		Name: "c", Parent: "object",
		New:      func() Instance { return new(child) },
		Unparent: func(*Object) { watch("C leaves P") },
		Finalize: func(*Object) { watch("C's finalizer") },
	})
	return t
}

// TestAcceptance01TwoTraces runs the two traces of the thread, with the four counters at every line. U is the
// drained counter.
func TestAcceptance01TwoTraces(t *testing.T) {
	for _, tc := range []struct {
		name string
		held bool
		want []string
	}{
		{"no third party", false, []string{
			"constructed: 0 1 0 U",
			"C leaves P: U 1 0 U",
			"C's finalizer: U 1 U U",
			"P's finalizer: U 0 U U",
			"freed: U U U U",
		}},
		{"somebody referenced C first", true, []string{
			"constructed: 0 1 0 U",
			"ref(C): 0 1 1 U",
			"C leaves P: U 1 1 U",
			"P's finalizer: U 1 0 U",
			"unref(P) returned: U 0 0 U",
			"C's finalizer: U 0 U U",
			"freed: U U U U",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var p *pair
			var got []string
			watch := func(event string) {
				s := event + ":"
				for _, n := range []uint32{p.Ref(), p.storage.Ref(), p.c.Ref(), p.c.StorageRef()} {
					if n == Finalizing {
						s += " U"
					} else {
						s += fmt.Sprint(" ", n)
					}
				}
				got = append(got, s)
			}
			tree := NewTree(traceTypes(func(e string) { watch(e) }))
			o, err := tree.New("p")
			if err != nil {
				t.Fatal(err)
			}
			p = o.Self().(*pair)
			s := p.Storage()
			watch("constructed")
			var h *Hold
			if tc.held {
				h = p.c.Hold(HoldUser, "H")
				watch("ref(C)")
			}
			p.OnFree(func() { watch("freed") })
			p.Unref()
			if tc.held {
				watch("unref(P) returned")
				if s.Freed() {
					t.Error("storage freed while C is held")
				}
				for err := range Check(tree) {
					t.Error(err)
				}
				h.Release()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("counters (-want +got):\n%s", diff)
			}
			if !s.Freed() {
				t.Error("storage not freed")
			}
			for err := range Check(tree) {
				t.Error(err)
			}
		})
	}
}
