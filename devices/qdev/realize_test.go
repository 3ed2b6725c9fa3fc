package qdev

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

// A device that fails to realize never announces its end, but a child of it
// that was realized does, before device_add answers. The id is free again.
func TestRealizeFailure(t *testing.T) {
	boom := errors.New("boom")
	for _, tc := range []struct {
		name   string
		stage  string
		root   func(*testBus)
		want   string
		events []string
		trace  []string
	}{
		{"handler refuses", "", func(b *testBus) { b.refuse = boom }, "boom", nil, nil},
		{"before its child", "before core", nil, "failed before core", nil, nil},
		{"in its child", "core", nil, "core failed", nil, nil},
		{"after its child", "after core", nil, "failed after core", []string{"/peripheral/x/core"}, nil},
		{"the model panics", "broken", nil, "internal error in device 'controller': ouch", []string{"/peripheral/x/core"}, []string{"unrealize"}},
		{"handler fails afterwards", "", func(b *testBus) { b.plug = boom }, "boom", []string{"/peripheral/x/core"}, []string{"unrealize"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.stage = tc.stage
			if tc.root != nil {
				tc.root(r.root)
			}
			live := r.Tree.Live()
			_, err := r.add(`{'driver': 'controller', 'id': 'x'}`, false)
			if err == nil || err.Error() != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
			if diff := cmp.Diff(tc.events, r.take()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.trace, r.made[0].trace); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
			if r.Tree.Live() != live {
				t.Error(qomtest.Leaks(r.Tree))
			}
			qomtest.Check(t, r.Tree)
			r.stage, r.root.refuse, r.root.plug = "", nil, nil
			r.mustAdd(`{'driver': 'controller', 'id': 'x'}`)
		})
	}
}

// A model that breaks down on its way out goes all the same.
func TestUnrealizePanics(t *testing.T) {
	r := newRig(t)
	r.stage = "breaks going"
	r.mustAdd(`{'driver': 'controller', 'id': 'x'}`)
	if err := r.del("x"); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if diff := cmp.Diff([]string{"/peripheral/x/core", "x"}, r.take()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	r.mustAdd(`{'driver': 'controller', 'id': 'x'}`)
}

// Unrealizing by property keeps the device in the tree, where device_del is
// refused for good; realizing it again makes it as new, if the model can.
func TestRevival(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	d := r.mustAdd(`{'driver': 'test-leaf', 'id': 'a', 'bus': 'c.0'}`)
	set := func(path string, v bool) error {
		o, _ := r.Tree.Resolve(path, "")
		return o.Set("realized", qom.Value(v))
	}
	if err := set("/peripheral/a", false); err != nil || d.Realized() {
		t.Fatal(err, d.Realized())
	}
	if err := r.del("a"); err == nil || err.Error() != "Device a is already in the process of unplug" {
		t.Errorf("device_del: %v", err)
	}
	if err := set("/peripheral/a", true); err != nil || !d.Realized() {
		t.Fatal(err, d.Realized())
	}
	if err := r.del("a"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a"}, r.take()); diff != "" {
		t.Errorf("one event for the device (-want +got):\n%s", diff)
	}
	if err := set("/peripheral/c", false); err != nil {
		t.Fatal(err)
	}
	if err := set("/peripheral/c", true); err == nil {
		t.Error("a model that cannot be realized twice was")
	}
	qomtest.Check(t, r.Tree)
}

// Introspection makes objects that never get a parent: they vanish with their
// children and buses when they are given up.
func TestIntrospection(t *testing.T) {
	r := newRig(t)
	live := r.Tree.Live()
	for _, name := range []string{"controller", "test-leaf", "test-root"} {
		o, err := r.Tree.New(name)
		if err != nil {
			t.Fatal(err)
		}
		for p := range o.Properties() {
			if p.Get != nil {
				if _, err := o.Get(p.Name); err != nil {
					t.Error(err)
				}
			}
		}
		o.Unref()
		qomtest.Check(t, r.Tree)
	}
	if r.Tree.Live() != live || r.take() != nil {
		t.Error("introspection left something behind")
	}
}

// A device without a parent gets one only if it can be realized.
func TestUnattached(t *testing.T) {
	r := newRig(t)
	c := r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	o, err := r.Tree.New("test-leaf")
	if err != nil {
		t.Fatal(err)
	}
	l := o.Self().(*leaf)
	l.fail = true
	if err := l.Device.Realize(c.Buses()[0]); err == nil || o.Parent() != nil {
		t.Errorf("%v, parent %v", err, o.Parent())
	}
	l.fail = false
	// As in QEMU, the number of the failed attempt is lost.
	if err := l.Device.Realize(c.Buses()[0]); err != nil || o.Path() != "/unattached/device[2]" {
		t.Errorf("%v, at %q", err, o.Path())
	}
	o.Unref()
}
