package devices

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

func newEnv(t testing.TB, cat *catalog.Catalog) *qdev.Env {
	t.Helper()
	tree := qomtest.NewTree(t, NewTypes(cat))
	env := &qdev.Env{Tree: tree, Memory: memory.NewSystem(tree), Log: slog.New(slog.DiscardHandler), Emit: func(string, any) {}}
	tree.Context = env
	for _, c := range []struct {
		name string
		into **qom.Object
	}{{"peripheral", &env.Peripheral}, {"peripheral-anon", &env.PeripheralAnon}, {"unattached", &env.Unattached}} {
		o, err := tree.NewChild(tree.Root(), c.name, "container")
		if err != nil {
			t.Fatal(err)
		}
		*c.into = o
	}
	env.Memory.Unattached = env.Unattached
	t.Cleanup(env.Memory.Settle)
	return env
}

func TestProperties(t *testing.T) {
	cat := catalog.Default()
	env := newEnv(t, cat)
	before := env.Tree.Live()
	facts, _ := cat.Type("usb-tablet")
	if diff := cmp.Diff(facts.Properties, Properties(env.Tree, cat, "usb-tablet")); diff != "" {
		t.Error(diff)
	}
	want := []catalog.Property{
		{Name: "type", Type: "string"}, {Name: "target", Type: "string"},
		{Name: "note", Type: "string"}, {Name: "since", Type: "int"},
	}
	if diff := cmp.Diff(want, Properties(env.Tree, cat, "x-hold")); diff != "" {
		t.Error(diff)
	}
	if Properties(env.Tree, cat, "nope") != nil {
		t.Error("an unknown type has properties")
	}
	if got := env.Tree.Live(); got != before {
		t.Errorf("%d objects left", got-before)
	}
}

// unreadable are the properties that QEMU, too, cannot read of a device that
// has never been realized, with what it says; and those called "legacy-", if they
// have no text of their own.
var unreadable = map[string]string{
	"crash-information": "No crash occurred",
	"size":              "'memdev' property must be set",
}

// Every concrete device of the catalog can be made and vanishes again without
// ever having had a parent, as introspection does it; every property can be
// read, or is one of those that cannot.
func TestEveryDevice(t *testing.T) {
	for _, version := range catalog.Names() {
		cat, err := catalog.Load(version)
		if err != nil {
			t.Fatal(err)
		}
		env := newEnv(t, cat)
		before := env.Tree.Live()
		for name := range cat.Types() {
			class := env.Tree.Types.Class(name)
			if class.Abstract() || !class.Is("device") {
				continue
			}
			o := env.Tree.NewClass(class)
			for p := range o.Properties() {
				if p.Get == nil {
					continue
				}
				if _, err := o.Get(p.Name); err != nil && err.Error() != unreadable[p.Name] && !strings.HasPrefix(p.Name, "legacy-") {
					t.Errorf("%s: %s.%s: %v", version, name, p.Name, err)
				}
			}
			o.Unref()
			env.Memory.Settle()
			if got := env.Tree.Live(); got != before {
				t.Fatalf("%s: %s leaves %d objects", version, name, got-before)
			}
		}
	}
}
