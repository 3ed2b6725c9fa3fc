package qom_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/qomd/qomd/qom"
)

// benchTree is a tree about as large as that of a machine: 200 objects, three
// levels deep, and one object with a link to another.
func benchTree(b *testing.B) (*qom.Tree, *qom.Object) {
	b.Helper()
	tree := qom.NewTree(boxTypes(nil))
	var last *qom.Object
	for i := range 20 {
		top, err := tree.NewChild(tree.Root(), fmt.Sprintf("top%d", i), "container")
		if err != nil {
			b.Fatal(err)
		}
		for j := range 3 {
			if last, err = tree.NewChild(top, fmt.Sprintf("box%d-%d", i, j), "box"); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Cleanup(tree.Close)
	return tree, last
}

// An object made and freed again: two embedded children.
func BenchmarkNewUnref(b *testing.B) {
	tree, _ := benchTree(b)
	b.ReportAllocs()
	for b.Loop() {
		o, err := tree.New("box")
		if err != nil {
			b.Fatal(err)
		}
		o.Unref()
	}
}

// What the counter alone costs: the measure for BenchmarkHoldInto/tick, which
// should stay below three times this.
func BenchmarkRefUnref(b *testing.B) {
	var n atomic.Uint32
	for b.Loop() {
		n.Add(1)
		n.Add(^uint32(0))
	}
}

func BenchmarkHoldRelease(b *testing.B) {
	_, o := benchTree(b)
	b.ReportAllocs()
	for b.Loop() {
		o.Hold(qom.HoldIO, "request").Release()
	}
}

// With a token supplied by the holder nothing is allocated.
func BenchmarkHoldInto(b *testing.B) {
	for _, tick := range []bool{true, false} {
		name := "clock"
		if tick {
			name = "tick"
		}
		b.Run(name, func(b *testing.B) {
			tree, o := benchTree(b)
			if tick {
				tree.Tick()
			}
			var h qom.Hold
			b.ReportAllocs()
			for b.Loop() {
				o.HoldInto(&h, qom.HoldIO, "request", 1)
				h.Release()
			}
		})
	}
}

// A token handed in off the lock and released by the queue.
func BenchmarkReleaseAsync(b *testing.B) {
	tree, o := benchTree(b)
	tree.Tick()
	var h qom.Hold
	b.ReportAllocs()
	for b.Loop() {
		o.HoldInto(&h, qom.HoldIO, "request", 1)
		h.ReleaseAsync()
		tree.Drain()
	}
}

func BenchmarkPath(b *testing.B) {
	_, o := benchTree(b)
	b.ReportAllocs()
	for b.Loop() {
		if o.Path() == "" {
			b.Fatal("no path")
		}
	}
}

func BenchmarkResolveAbsolute(b *testing.B) {
	tree, o := benchTree(b)
	path := o.Path() + "/lid/knob"
	b.ReportAllocs()
	for b.Loop() {
		if o, _ := tree.Resolve(path, ""); o == nil {
			b.Fatal("not found")
		}
	}
}

func BenchmarkResolvePartial(b *testing.B) {
	tree, o := benchTree(b)
	name := o.Name()
	b.ReportAllocs()
	for b.Loop() {
		if o, _ := tree.Resolve(name, ""); o == nil {
			b.Fatal("not found")
		}
	}
}

func BenchmarkGet(b *testing.B) {
	_, o := benchTree(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Get("type"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	tree, _ := benchTree(b)
	for b.Loop() {
		for err := range qom.Check(tree) {
			b.Fatal(err)
		}
	}
}

// HoldInto must stay free of allocations: device models use it per request.
func TestHoldIntoAllocates(t *testing.T) {
	tree := qom.NewTree(boxTypes(nil))
	defer tree.Close()
	var h qom.Hold
	if n := testing.AllocsPerRun(100, func() {
		tree.Root().HoldInto(&h, qom.HoldIO, "request", 1)
		h.Release()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	var other qom.Hold
	if n := testing.AllocsPerRun(100, func() {
		tree.Root().HoldInto(&h, qom.HoldIO, "request", 1)
		h.Share(&other, qom.HoldIO, "half")
		h.ReleaseAsync()
		other.ReleaseAsync()
		tree.Drain()
	}); n != 0 {
		t.Errorf("%v allocations off the lock", n)
	}
}
