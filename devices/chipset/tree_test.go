package chipset_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/qomd/qomd/qom"
)

// recorded is one object of a recorded tree: its properties are triples of
// name, type and value.
type recorded struct {
	Path  string  `json:"path"`
	Props [][]any `json:"props"`
}

func recordedTree(t *testing.T, board string) []recorded {
	f, err := os.Open("testdata/" + board + "-nodefaults.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []recorded
	d := json.NewDecoder(z)
	d.UseNumber()
	if err := d.Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list[1:] // the first line says how it was recorded
}

func (r recorded) value(name string) any {
	for _, p := range r.Props {
		if p[0] == name {
			return p[2]
		}
	}
	return nil
}

// Every object that QEMU has on its boards exists here, with its type, and
// memory regions have its addresses, sizes, priorities and containers.
func TestTree(t *testing.T) {
	for _, board := range []string{"q35", "pc"} {
		t.Run(board, func(t *testing.T) {
			r := newRig(t, board)
			defer r.finish()
			r.start()
			objects, found, props, same := 0, 0, 0, 0
			for _, want := range recordedTree(t, board) {
				if elsewhere(want.Path) {
					continue
				}
				objects++
				o, _ := r.env.Tree.Resolve(want.Path, "")
				if o == nil {
					t.Errorf("%s is missing (%v)", want.Path, want.value("type"))
					continue
				}
				if o.TypeName() != want.value("type") {
					t.Errorf("%s is a %s, want %v", want.Path, o.TypeName(), want.value("type"))
					continue
				}
				found++
				n, ok := compare(t, o, want)
				props, same = props+n, same+ok
			}
			t.Logf("%s: %d of %d objects (%.1f %%), %d of %d scalar properties (%.1f %%)", board,
				found, objects, 100*float64(found)/float64(objects), same, props, 100*float64(same)/float64(props))
		})
	}
}

// elsewhere tells objects that the machine makes, not its board.
func elsewhere(path string) bool {
	for _, p := range []string{"/audiodevs", "/backend", "/chardevs", "/objects/compat_monitor0"} {
		if path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return path == "/objects/pc.ram" || path == "/machine/unattached/device[0]"
}

// compare checks the properties of an object: those of regions and of buses and
// the places of functions must be equal; others are only counted.
func compare(t *testing.T, o *qom.Object, want recorded) (n, same int) {
	for _, p := range want.Props {
		name, typ := p[0].(string), p[1].(string)
		if strings.HasPrefix(typ, "child<") || name == "type" || len(p) < 3 {
			continue
		}
		got, err := o.Get(name)
		equal := err == nil && text(got) == text(p[2])
		n++
		if equal {
			same++
			continue
		}
		strict := o.TypeName() == "memory-region" || name == "addr" || name == "multifunction" || name == "parent_bus" ||
			name == "realized" || name == "hotplug-handler" || strings.HasPrefix(name, "child[") || name == "hotpluggable"
		if strict {
			t.Errorf("%s: %s is %s (%v), want %s", want.Path, name, text(got), err, text(p[2]))
		} else if testing.Verbose() {
			t.Logf("%s: %s is %s, QEMU has %s", want.Path, name, text(got), text(p[2]))
		}
	}
	return n, same
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
