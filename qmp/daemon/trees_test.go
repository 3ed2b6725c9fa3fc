package daemon_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/client"
	"github.com/qomd/qomd/qmp/daemon"
)

// least is how much of each recorded tree must be there, in percent: objects
// and properties with their types, and values. 7.2 was not asked for all.
var least = map[string][2]float64{
	"none": {100, 100}, "pc": {98, 95}, "q35": {98, 95}, "pc-nodefaults": {100, 95}, "q35-nodefaults": {100, 95},
	"pc-xhci-kbd": {98, 95}, "q35-usb": {98, 95}, "q35-qtest-usb": {98, 95}, "q35-hotplug": {98, 95},
	"q35-virtio-blk": {98, 95}, "q35-virtio-net": {98, 95}, "q35-virtio-scsi": {98, 95},
}

// node is an object of a tree: its properties by name.
type node map[string]shown

type shown struct {
	typ   string
	value any
}

// machineTypes are shared by the machines of this test.
var machineTypes daemon.Shared

// TestTrees compares whole object trees, read over QMP, with those of the QEMUs
// that the embedded catalogs are of. What differs has to be told, with the
// reason, in devices/catalog/DIFFERENCES.md, and what is told there has to differ.
func TestTrees(t *testing.T) {
	told := readDifferences(t)
	for version, count := range map[string]int{catalog.QEMU111: len(least), catalog.QEMU72: len(least) - 1} {
		files, err := filepath.Glob(filepath.Join("testdata/trees", version, "*.json.gz"))
		if err != nil || len(files) != count {
			t.Fatalf("%d recorded trees of %s (%v), want %d", len(files), version, err, count)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".json.gz")
			t.Run(version+"/"+name, func(t *testing.T) { compareTree(t, version, name, file, told) })
		}
	}
	if !t.Failed() {
		told.unused(t)
	}
}

// compareTree compares one tree. In the list of differences that of an earlier
// version has its version before its name.
func compareTree(t *testing.T, version, name, file string, told differences) {
	tree := name
	if version != catalog.QEMU111 {
		tree = version + "/" + name
	}
	args, want := recordedTree(t, file)
	got := liveTree(t, append([]string{"-catalog", version}, args...))
	c := compareTrees(want, got)
	for _, d := range c.differences {
		if !told.explain(tree, d.path, d.property) {
			t.Errorf("%s: %s: %s", d.path, d.property, d.text)
		}
	}
	known, same := c.percent()
	t.Logf("%s: %d of %d objects, names and types %.2f %%, values %.2f %%, %d not in QEMU's",
		name, c.objects, len(want), known, same, c.more)
	if known < least[name][0] || same < least[name][1] {
		t.Errorf("below %.0f %% of names and types, %.0f %% of values", least[name][0], least[name][1])
	}
}

// recordedTree reads a recorded tree and the arguments it was made with.
func recordedTree(t *testing.T, file string) (args []string, tree map[string]node) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Args  []string
		Path  string
		Props [][]any
	}
	d := json.NewDecoder(z)
	d.UseNumber()
	if err := d.Decode(&list); err != nil {
		t.Fatal(err)
	}
	tree = map[string]node{}
	for _, o := range list[1:] {
		n := node{}
		for _, p := range o.Props {
			s := shown{typ: p[1].(string)}
			if len(p) > 2 {
				s.value = p[2]
			}
			n[p[0].(string)] = s
		}
		tree[o.Path] = n
	}
	return list[0].Args, tree
}

// bootTree makes a machine that lasts as long as the test.
func bootTree(t *testing.T, args []string) {
	t.Helper()
	cfg, err := config.ParseArgs("qomd", args)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := daemon.Start(*cfg, daemon.Options{Shared: &machineTypes, Stepped: true, OnMisfit: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { vm.Close() })
}

// liveTree boots a machine and reads its tree as a client does.
func liveTree(t *testing.T, args []string) map[string]node {
	t.Helper()
	dir, c := connected(t, args)
	r := &reader{t: t, client: c, dir: dir, tree: map[string]node{}}
	r.read("/")
	return r.tree
}

// reader reads a tree.
type reader struct {
	t      *testing.T
	client *client.Client
	dir    string // "{dir}" in recorded values
	tree   map[string]node
}

func (r *reader) read(path string) {
	var list []struct{ Name, Type string }
	if err := r.client.Execute(context.Background(), "qom-list", map[string]any{"path": path}, &list); err != nil {
		r.t.Fatalf("qom-list %s: %v", path, err)
	}
	n := node{}
	r.tree[path] = n
	for _, p := range list {
		s := shown{typ: p.Type}
		var raw json.RawMessage
		// What cannot be read has no value in the recordings either.
		if err := r.client.Execute(context.Background(), "qom-get", map[string]any{"path": path, "property": p.Name}, &raw); err == nil {
			d := json.NewDecoder(strings.NewReader(strings.ReplaceAll(string(raw), r.dir, "{dir}")))
			d.UseNumber()
			if err := d.Decode(&s.value); err != nil {
				r.t.Fatalf("qom-get %s %s: %v", path, p.Name, err)
			}
		}
		n[p.Name] = s
		if strings.HasPrefix(p.Type, "child<") {
			r.read(strings.TrimSuffix(path, "/") + "/" + p.Name)
		}
	}
}

type difference struct{ path, property, text string }

// comparison is what came of comparing two trees.
type comparison struct {
	objects     int // that both have
	properties  int // of QEMU's objects
	known, same int // of these: with the right type, and with the right value too
	more        int // objects and properties that QEMU does not have
	differences []difference
}

func (c *comparison) percent() (known, same float64) {
	return 100 * float64(c.known) / float64(c.properties), 100 * float64(c.same) / float64(c.properties)
}

func compareTrees(want, got map[string]node) *comparison {
	c := new(comparison)
	tell := func(path, property, format string, args ...any) {
		c.differences = append(c.differences, difference{path, property, fmt.Sprintf(format, args...)})
	}
	for path, w := range want {
		g := got[path]
		if g != nil {
			c.objects++
		}
		for name, p := range w {
			c.properties++
			q, ok := g[name]
			switch {
			case !ok:
				tell(path, name, "missing (%s)", p.typ)
				continue
			case q.typ != p.typ:
				tell(path, name, "is a %s, want %s", q.typ, p.typ)
				continue
			}
			c.known++
			if p.typ == "struct tm" { // QEMU's was recorded with the time taken out
				c.same++
				continue
			}
			if !cmp.Equal(q.value, p.value) {
				tell(path, name, "is %v, want %v", q.value, p.value)
				continue
			}
			c.same++
		}
	}
	for path, g := range got {
		w := want[path]
		if w == nil {
			c.more++
			tell(path, "", "QEMU has no such object")
		}
		for name := range g {
			if _, ok := w[name]; w != nil && !ok {
				c.more++
				tell(path, name, "QEMU has no such property")
			}
		}
	}
	slices.SortFunc(c.differences, func(a, b difference) int {
		return strings.Compare(a.path+"\x00"+a.property, b.path+"\x00"+b.property)
	})
	return c
}

// differences are the entries of the list for people. An entry is a line that
// begins with "- `" and a pattern of three words: tree, path and property.
type differences []*told

type told struct {
	pattern []string
	used    bool
}

const differencesFile = "../../devices/catalog/DIFFERENCES.md"

func readDifferences(t *testing.T) differences {
	t.Helper()
	f, err := os.Open(differencesFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list differences
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "- `"); ok {
			pattern, _, _ := strings.Cut(rest, "`")
			words := strings.Split(pattern, " | ")
			if len(words) != 3 {
				t.Fatalf("%s: want TREE | PATH | PROPERTY: %s", differencesFile, s.Text())
			}
			list = append(list, &told{pattern: words})
		}
	}
	return list
}

func (l differences) explain(tree, path, property string) bool {
	found := false
	for _, e := range l {
		if fits(e.pattern[0], tree) && fits(e.pattern[1], path) && fits(e.pattern[2], property) {
			e.used, found = true, true
		}
	}
	return found
}

// fits matches a text with a pattern in which "*" stands for anything.
func fits(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

func (l differences) unused(t *testing.T) {
	t.Helper()
	for _, e := range l {
		if !e.used {
			t.Errorf("%s tells of a difference that is none: %s", differencesFile, strings.Join(e.pattern, " | "))
		}
	}
}
