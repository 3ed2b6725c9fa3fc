package numa_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/numa"
	"github.com/qomd/qomd/qmp/qjson"
)

const gib = uint64(1) << 30

// pc is a machine with places for processors: sockets with cores.
func pc(sockets, cores int) numa.Machine {
	m := numa.Machine{
		LegacyMemory: true,
		Backend: func(name string) (string, uint64, bool) {
			return "/objects/" + name, gib, !strings.HasPrefix(name, "no")
		},
		Complain: func(string) {},
	}
	for i := range sockets * cores {
		m.CPUs = append(m.CPUs, numa.CPU{Levels: []numa.Level{
			{Name: "socket-id", Value: int64(i / cores)}, {Name: "core-id", Value: int64(i % cores)}, {Name: "thread-id", Value: 0},
		}})
	}
	return m
}

// apply makes statements in QMP's words until one is refused.
func apply(t rapid.TB, c *numa.Config, statements ...string) error {
	t.Helper()
	for _, s := range statements {
		v, err := qjson.Parse([]byte("{" + s + "}"))
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		if err := c.Apply(v.(*qjson.Object)); err != nil {
			return err
		}
	}
	return nil
}

// TestRefusals are QEMU's words for statements that do not go together.
func TestRefusals(t *testing.T) {
	node := func(n int) string { return fmt.Sprintf("'type': 'node', 'nodeid': %d", n) }
	for _, c := range []struct {
		want       string
		statements []string
	}{
		{"Duplicate NUMA nodeid: 1", []string{node(1), node(1)}},
		{"Max number of NUMA nodes reached: 128", []string{node(128)}},
		{"numa: Node ID missing: 0", []string{node(1)}},
		{"CPU index (4) should be smaller than maxcpus (4)", []string{"'type': 'node', 'cpus': [4]"}},
		{"CPU is already assigned to node-id: 0", []string{"'type': 'node', 'cpus': [0, 1]", "'type': 'node', 'cpus': [1]"}},
		{"Missing mandatory node-id property", []string{node(0), "'type': 'cpu', 'socket-id': 0"}},
		{"Invalid node-id=3, NUMA node must be defined with -numa node,nodeid=ID before it's used with -numa cpu,node-id=ID",
			[]string{node(0), "'type': 'cpu', 'node-id': 3"}},
		{"die-id is not supported", []string{node(0), "'type': 'cpu', 'node-id': 0, 'die-id': 0"}},
		{"no match found", []string{node(0), "'type': 'cpu', 'node-id': 0, 'socket-id': 9"}},
		{"memdev=no1 is ambiguous", []string{"'type': 'node', 'memdev': 'no1'"}},
		{"Source/Destination NUMA node is missing. Please use '-numa node' option to declare it first.",
			[]string{node(0), "'type': 'dist', 'src': 0, 'dst': 1, 'val': 20"}},
		{"NUMA distance (9) is invalid, it shouldn't be less than 10.", []string{node(0), node(1), "'type': 'dist', 'src': 0, 'dst': 1, 'val': 9"}},
		{"Local distance of node 0 should be 10.", []string{node(0), "'type': 'dist', 'src': 0, 'dst': 0, 'val': 11"}},
		{"total memory for NUMA nodes (0x40000000) should equal RAM size (0x80000000)", []string{"'type': 'node', 'memdev': 'm'"}},
	} {
		n := numa.New(pc(2, 2))
		err := apply(t, n, c.statements...)
		if err == nil {
			err = n.Complete(2 * gib)
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.statements, err, c.want)
		}
	}
}

// TestMemory gives nodes their memory, by backends or by sizes.
func TestMemory(t *testing.T) {
	c := numa.New(pc(1, 1))
	if err := apply(t, c, "'type': 'node', 'memdev': 'a'", "'type': 'node', 'memdev': 'b'"); err != nil {
		t.Fatal(err)
	}
	if err := c.Complete(2 * gib); err != nil || !c.UsesBackends() {
		t.Errorf("two backends: %v", err)
	}
	var got []string
	for _, n := range c.Nodes() {
		got = append(got, fmt.Sprintf("%s %d", n.Backend, n.Memory))
	}
	if diff := cmp.Diff([]string{"/objects/a 1073741824", "/objects/b 1073741824"}, got); diff != "" {
		t.Error(diff)
	}
	if err := apply(t, c, "'type': 'node', 'mem': 1024"); err == nil {
		t.Error("a node has its memory by size where others have backends")
	}
	modern := pc(1, 1)
	modern.LegacyMemory = false
	if err := apply(t, numa.New(modern), "'type': 'node', 'mem': 1024"); err == nil {
		t.Error("a machine of today takes memory by size")
	}
}

// TestSpread holds who gets the processors of which nothing was said: by sockets
// in turn, but the first node as soon as something was said of any.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sockets, cores, nodes := rapid.IntRange(1, 4).Draw(t, "sockets"), rapid.IntRange(1, 3).Draw(t, "cores"), rapid.IntRange(1, 4).Draw(t, "nodes")
		c := numa.New(pc(sockets, cores))
		for range nodes {
			if err := apply(t, c, "'type': 'node'"); err != nil {
				t.Fatal(err)
			}
		}
		said := map[int]int{} // node, by socket
		for range rapid.IntRange(0, 3).Draw(t, "statements") {
			socket, node := rapid.IntRange(0, sockets-1).Draw(t, "socket"), rapid.IntRange(0, nodes-1).Draw(t, "node")
			err := apply(t, c, fmt.Sprintf("'type': 'cpu', 'node-id': %d, 'socket-id': %d", node, socket))
			if before, ok := said[socket]; ok && before != node {
				if want := fmt.Sprintf("CPU is already assigned to node-id: %d", before); err == nil || err.Error() != want {
					t.Fatalf("%v, want %s", err, want)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			said[socket] = node
		}
		left, err := c.Spread()
		if err != nil {
			t.Fatal(err)
		}
		var wantLeft []int
		for i := range sockets * cores {
			want, ok := said[i/cores]
			switch {
			case !ok && len(said) == 0:
				want = i / cores % nodes
			case !ok:
				want = 0
				wantLeft = append(wantLeft, i)
			}
			if got, ok := c.NodeOf(i); !ok || got != int64(want) {
				t.Errorf("processor %d belongs to node %d, want %d", i, got, want)
			}
		}
		if !slices.Equal(left, wantLeft) {
			t.Errorf("left over: %v, want %v", left, wantLeft)
		}
	})
}

// TestDistances holds which tables of distances are whole: one way of each pair
// is enough as long as no pair differs by its direction.
func TestDistances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const nodes = 3
		c := numa.New(pc(1, 1))
		for i := range nodes {
			backend := fmt.Sprintf("'type': 'node', 'memdev': 'm%d'", i)
			if err := apply(t, c, backend); err != nil {
				t.Fatal(err)
			}
		}
		var table [nodes][nodes]int
		given := false
		for i := range nodes {
			for j := range nodes {
				if i == j || !rapid.Bool().Draw(t, "is told") {
					continue
				}
				table[i][j] = rapid.IntRange(20, 21).Draw(t, "distance")
				given = true
				if err := apply(t, c, fmt.Sprintf("'type': 'dist', 'src': %d, 'dst': %d, 'val': %d", i, j, table[i][j])); err != nil {
					t.Fatal(err)
				}
			}
		}
		missing, single, uneven := false, false, false
		for i := range nodes {
			for j := range i {
				told := 0
				for _, d := range []int{table[i][j], table[j][i]} {
					if d != 0 {
						told++
					}
				}
				missing = missing || told == 0
				single = single || told == 1
				uneven = uneven || told == 2 && table[i][j] != table[j][i]
			}
		}
		err := c.Complete(nodes * gib)
		want := ""
		switch {
		case !given:
		case missing:
			want = "is missing, at least one distance value between each nodes should be provided."
		case single && uneven:
			want = "At least one asymmetrical pair of distances is given"
		}
		if got := fmt.Sprint(err); (want == "") != (err == nil) || !strings.Contains(got, want) {
			t.Errorf("%v: %v, want %q", table, err, want)
		}
	})
}
