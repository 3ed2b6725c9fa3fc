package qom_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

// box embeds a lid by value; the lid embeds a knob, which lives in the box's
// storage all the same.
type box struct {
	qom.Object
	lid lid
}

type lid struct {
	qom.Object
	knob knob
}

type knob struct{ qom.Object }

func boxTypes(finalize func(o *qom.Object)) *qom.Types {
	t := qom.NewTypes(nil)
	embed := func(o *qom.Object, name string, c qom.Instance) {
		if _, err := o.Tree().EmbedChild(o, o, name, c, name); err != nil {
			panic(err)
		}
	}
	t.Add(qom.TypeInfo{Name: "box", Parent: "object", New: func() qom.Instance { return new(box) },
		Init: func(o *qom.Object) { embed(o, "lid", &o.Self().(*box).lid) }, Finalize: finalize})
	t.Add(qom.TypeInfo{Name: "lid", Parent: "object", New: func() qom.Instance { return new(lid) },
		Init: func(o *qom.Object) { embed(o, "knob", &o.Self().(*lid).knob) }, Finalize: finalize})
	t.Add(qom.TypeInfo{Name: "knob", Parent: "object", New: func() qom.Instance { return new(knob) }, Finalize: finalize})
	return t
}

// collect gathers violations instead of failing the test.
func collect(tree *qom.Tree) *[]qom.Violation {
	var list []qom.Violation
	tree.OnViolation = func(v qom.Violation) { list = append(list, v) }
	return &list
}

func kinds(list []qom.Violation) []qom.ViolationKind {
	var out []qom.ViolationKind
	for _, v := range list {
		out = append(out, v.Kind)
	}
	return out
}

// An embedded object counts on the root's storage, however deep it is.
func TestNestedStorage(t *testing.T) {
	tree := qomtest.NewTree(t, boxTypes(nil))
	o, err := tree.NewChild(tree.Root(), "b", "box")
	if err != nil {
		t.Fatal(err)
	}
	b, s := o.Self().(*box), o.Storage()
	if s.Ref() != 2 {
		t.Errorf("storage count %d, want 2", s.Ref())
	}
	h := b.lid.knob.Hold(qom.HoldUser, "test")
	o.Unparent()
	qomtest.Check(t, tree)
	if s.Freed() || s.Ref() != 0 {
		t.Errorf("freed %v, count %d", s.Freed(), s.Ref())
	}
	if b.lid.knob.Path() != "" || b.lid.knob.Phase() != qom.Live || b.lid.Phase() != qom.Finalized {
		t.Errorf("knob %s at %q, lid %s", b.lid.knob.Phase(), b.lid.knob.Path(), b.lid.Phase())
	}
	h.Release()
	if !s.Freed() || b.Phase() != qom.Freed || s.LastHolder() != "x-hold test" {
		t.Errorf("freed %v, box %s, last holder %q", s.Freed(), b.Phase(), s.LastHolder())
	}
}

// Once finalization has begun no reference is given out.
func TestResurrection(t *testing.T) {
	var late *qom.Hold
	tree := qomtest.NewTree(t, boxTypes(func(o *qom.Object) {
		if o.TypeName() == "box" {
			if _, ok := o.TryHold(qom.HoldFind, "look-up"); ok {
				t.Error("a look-up got hold of it")
			}
			late = o.Hold(qom.HoldUser, "late")
		}
	}))
	got := collect(tree)
	o, err := tree.New("box")
	if err != nil {
		t.Fatal(err)
	}
	s := o.Storage()
	o.Unref()
	if diff := cmp.Diff([]qom.ViolationKind{qom.ViolationResurrection}, kinds(*got)); diff != "" {
		t.Error(diff)
	}
	if late.Held() || !s.Freed() {
		t.Errorf("held %v, freed %v", late.Held(), s.Freed())
	}
	late.Release() // holds nothing
	if len(*got) != 1 {
		t.Errorf("releasing a refused token: %v", (*got)[1:])
	}
}

// Mistakes with references are reported and do no harm.
func TestMistakes(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(tree *qom.Tree, o *qom.Object)
		want qom.ViolationKind
	}{
		{"token released twice", func(_ *qom.Tree, o *qom.Object) {
			h := o.Hold(qom.HoldIO, "io")
			h.Release()
			h.Release()
		}, qom.ViolationToken},
		{"token used while it is held", func(_ *qom.Tree, o *qom.Object) {
			var h qom.Hold
			o.HoldInto(&h, qom.HoldIO, "io", 1)
			o.HoldInto(&h, qom.HoldIO, "io", 1)
			h.Release()
		}, qom.ViolationToken},
		{"released token shared", func(_ *qom.Tree, o *qom.Object) {
			var other qom.Hold
			h := o.Hold(qom.HoldIO, "io")
			h.Release()
			h.Share(&other, qom.HoldIO, "half")
		}, qom.ViolationToken},
		{"token handed in twice", func(tree *qom.Tree, o *qom.Object) {
			h := o.Hold(qom.HoldIO, "io")
			h.ReleaseAsync()
			h.ReleaseAsync()
			tree.Drain()
		}, qom.ViolationToken},
		{"creation reference dropped twice", func(_ *qom.Tree, o *qom.Object) {
			h := o.Hold(qom.HoldIO, "io")
			o.Unref()
			o.Unref()
			h.Release()
		}, qom.ViolationToken},
		{"two parents", func(tree *qom.Tree, o *qom.Object) {
			if tree.Root().AddChild("a", o) != nil || tree.Root().AddChild("b", o) == nil {
				panic("second parent accepted")
			}
			o.Unparent()
		}, qom.ViolationTree},
		{"used after free", func(_ *qom.Tree, o *qom.Object) {
			o.Unref()
			if _, err := o.Get("type"); err == nil {
				panic("a freed object answers")
			}
		}, qom.ViolationUseAfterFree},
		{"referenced after free", func(_ *qom.Tree, o *qom.Object) {
			o.Unref()
			o.Hold(qom.HoldIO, "io")
		}, qom.ViolationUseAfterFree},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tree := qomtest.NewTree(t, boxTypes(nil))
			got := collect(tree)
			o, err := tree.New("box")
			if err != nil {
				t.Fatal(err)
			}
			s := o.Storage()
			tc.make(tree, o)
			if !s.Freed() {
				o.Unref()
			}
			if diff := cmp.Diff([]qom.ViolationKind{tc.want}, kinds(*got)); diff != "" {
				t.Errorf("%s\n%v", diff, *got)
			}
			if !s.Freed() {
				t.Error(qomtest.Leaks(tree))
			}
		})
	}
}

// Tokens may be handed in on any goroutine; the tree's owner is woken once per
// batch and drains them.
func TestReleaseAsync(t *testing.T) {
	tree := qomtest.NewTree(t, boxTypes(nil))
	woken := make(chan struct{}, 1)
	tree.OnAsync = func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	}
	o, err := tree.New("box")
	if err != nil {
		t.Fatal(err)
	}
	const workers, each = 8, 50
	var tokens [workers][each]*qom.Hold
	for i := range tokens {
		for j := range tokens[i] {
			tokens[i][j] = o.Hold(qom.HoldIO, "worker")
		}
	}
	s := o.Storage()
	o.Unref()
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() {
			for _, h := range tokens[i] {
				h.ReleaseAsync()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for !s.Freed() {
		select {
		case <-woken:
		case <-done:
		}
		tree.Drain()
	}
	<-done
	if s.LastHolder() != "pending-io worker" {
		t.Errorf("last holder %q", s.LastHolder())
	}
}

// Tokens are shared and handed in by many goroutines while the owner of the
// lock takes and drops references on the same object.
func TestShare(t *testing.T) {
	tree := qomtest.NewTree(t, boxTypes(nil))
	o, err := tree.New("box")
	if err != nil {
		t.Fatal(err)
	}
	const workers, each = 4, 200
	var wg sync.WaitGroup
	for range workers {
		first := o.Hold(qom.HoldIO, "request")
		wg.Go(func() {
			for range each {
				next := new(qom.Hold)
				first.Share(next, qom.HoldIO, "half")
				first.ReleaseAsync()
				first = next
			}
			first.ReleaseAsync()
		})
	}
	for range each {
		o.Hold(qom.HoldCommand, "command").Release()
		o.Holds()
		tree.Drain()
	}
	s := o.Storage()
	o.Unref()
	wg.Wait()
	tree.Drain()
	if !s.Freed() {
		t.Error(qomtest.Leaks(tree))
	}
}

// Finalizers run leaf first within an object; releasing children goes newest
// first.
func TestFinalizationOrder(t *testing.T) {
	var order []string
	tree := qomtest.NewTree(t, boxTypes(func(o *qom.Object) { order = append(order, o.Name()) }))
	o, err := tree.NewChild(tree.Root(), "b", "box")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x", "y"} {
		if _, err := tree.NewChild(o, name, "knob"); err != nil {
			t.Fatal(err)
		}
	}
	o.Unparent()
	if got, want := strings.Join(order, " "), "y x knob lid b"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The name of a child is free as soon as its entry is gone, even when somebody
// still holds the child.
func TestNameReuse(t *testing.T) {
	tree := qomtest.NewTree(t, boxTypes(nil))
	first, err := tree.NewChild(tree.Root(), "n", "knob")
	if err != nil {
		t.Fatal(err)
	}
	h := first.Hold(qom.HoldUser, "test")
	if _, err := tree.NewChild(tree.Root(), "n", "knob"); err == nil ||
		err.Error() != "attempt to add duplicate property 'n' to object (type 'container')" {
		t.Errorf("duplicate: %v", err)
	}
	first.Unparent()
	second, err := tree.NewChild(tree.Root(), "n", "knob")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := tree.Resolve("/n", ""); got != second {
		t.Error("the path leads to the old object")
	}
	qomtest.Check(t, tree)
	h.Release()
}
