package block_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/block/qcow2"
	"github.com/qomd/qomd/qmp/qmptest"
)

// newFile is a file to make an image in.
type newFile struct{ *os.File }

func (f newFile) Flush() error { return f.Sync() }

// activity tells of each node whether it is active.
func (r *rig) activity() map[string]bool {
	var nodes []struct {
		Name   string `json:"node-name"`
		Active bool
	}
	r.c.Must("query-named-block-nodes", nil, &nodes)
	m := map[string]bool{}
	for _, n := range nodes {
		m[n.Name] = n.Active
	}
	return m
}

// An image goes from one machine to another that has had it open all the time:
// the lock goes with it, and what the first wrote meanwhile is seen.
func TestActiveGoesOver(t *testing.T) {
	name := image(t, 0)
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err == nil {
		err = qcow2.Create(newFile{f}, qcow2.Options{Size: 1 << 20, ClusterSize: 65536, Version: 3, RefcountBits: 16})
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	nodes := func(active bool) []qmptest.A {
		file, format := fileNode("f", name), qmptest.A{"driver": "qcow2", "node-name": "q", "file": "f"}
		file["active"], format["active"] = active, active
		return []qmptest.A{file, format}
	}
	from, to := newRig(t, nodes(true)...), newRig(t, nodes(false)...)
	here, there := from.disk("q"), to.disk("q")
	const refused = `Failed to get "write" lock`
	all := func(active bool) qmptest.A { return qmptest.A{"active": active} }
	if got := to.c.MustFail("blockdev-set-active", all(true)); got != refused {
		t.Errorf("activated while another has it: %q", got)
	}
	if err := to.write(there, 0, make([]byte, 512)); err == nil {
		t.Error("written while another has it")
	}
	data := bytes.Repeat([]byte("new data"), 64)
	if err := from.write(here, 512<<10, data); err != nil {
		t.Fatal(err)
	}
	from.c.Must("block_resize", qmptest.A{"node-name": "q", "size": 2 << 20})
	from.c.Must("stop", nil)
	from.c.Must("blockdev-set-active", all(false))
	to.c.Must("blockdev-set-active", all(true))
	if got, err := to.read(there, 512<<10, len(data)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("what was written there is not here: %v", err)
	}
	if got := there.Size(); got != 2<<20 {
		t.Errorf("it has %d bytes", got)
	}
	if got := from.c.MustFail("cont", nil); got != refused {
		t.Errorf("went on without its image: %q", got)
	}
	if diff := cmp.Diff(map[string]bool{"f": false, "q": false}, from.activity()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Who may be inactive depends on who is above.
func TestActiveBelow(t *testing.T) {
	raw := func(name, file string) qmptest.A { return qmptest.A{"driver": "raw", "node-name": name, "file": file} }
	r := newRig(t, qmptest.A{"driver": "null-co", "node-name": "a"}, raw("b", "a"), raw("c", "b"), qmptest.A{"driver": "null-co", "node-name": "d"})
	r.disk("d")
	set := func(node string, active bool) qmptest.A { return qmptest.A{"node-name": node, "active": active} }
	if got := r.c.MustFail("blockdev-set-active", set("a", false)); got != "Node has active parent node" {
		t.Errorf("got %q", got)
	}
	for _, step := range []struct {
		node   string
		active bool
		want   map[string]bool
	}{
		{"d", false, map[string]bool{"a": true, "b": true, "c": true}},
		{"c", false, map[string]bool{}},
		{"a", true, map[string]bool{"a": true}},
		{"c", false, map[string]bool{"a": true}}, // it is inactive already
		{"c", true, map[string]bool{"a": true, "b": true, "c": true}},
	} {
		r.c.Must("blockdev-set-active", set(step.node, step.active))
		got := r.activity()
		for name, active := range got {
			if !active {
				delete(got, name)
			}
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s, %v (-want +got):\n%s", step.node, step.active, diff)
		}
	}
	r.c.Must("blockdev-set-active", qmptest.A{"active": false})
	if got := r.c.MustFail("blockdev-add", raw("e", "c")); got != "Inactive 'c' can't be a file child of active 'e'" {
		t.Errorf("got %q", got)
	}
}
