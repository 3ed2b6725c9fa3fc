package qdev

import (
	"testing"

	"github.com/qomd/qomd/qom/qomtest"
)

// Whatever a bus path or an id looks like, looking it up answers, and changes
// nothing.
func FuzzFind(f *testing.F) {
	for _, s := range []string{"", "/", "c.0", "root.0/c", "/test-root/root.0", "root.0//c/c.0", "c/core", "/peripheral/c", "..", "[*]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r := newRig(t)
		r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
		live := r.Tree.Live()
		if b, err := FindBus(r.Env, path); (b == nil) == (err == nil) {
			t.Errorf("bus %q: %v, %v", path, b, err)
		}
		if d, err := Find(r.Env, path); (d == nil) == (err == nil) {
			t.Errorf("device %q: %v, %v", path, d, err)
		}
		if m, ok := ParseMAC(path); ok {
			if back, ok := ParseMAC(m.String()); !ok || back != m {
				t.Errorf("%q reads as %s", path, m)
			}
		}
		if r.Tree.Live() != live {
			t.Errorf("%q made something", path)
		}
		qomtest.Check(t, r.Tree)
	})
}
