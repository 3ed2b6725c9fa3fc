package cpu

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// APIC ids have bits of their own for every level: with three cores of two
// threads the second socket begins at 8.
func TestAPICID(t *testing.T) {
	top := Topology{Sockets: 2, Dies: 1, Modules: 1, Cores: 3, Threads: 2}
	var ids []uint32
	for i := range top.Slots() {
		ids = append(ids, top.APICID(top.At(i)))
	}
	if d := cmp.Diff([]uint32{0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13}, ids); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Place{Socket: 12, Core: 1, Thread: 1}, top.PlaceOf(99)); d != "" {
		t.Error(d)
	}
}

// Ids grow with the number of a place, and lead back to it.
func TestPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 5)
		top := Topology{n.Draw(t, "sockets"), n.Draw(t, "dies"), n.Draw(t, "modules"), n.Draw(t, "cores"), n.Draw(t, "threads")}
		last := int64(-1)
		for i := range top.Slots() {
			p := top.At(i)
			id := top.APICID(p)
			if int64(id) <= last {
				t.Fatalf("place %d has id %d, the one before %d", i, id, last)
			}
			last = int64(id)
			if back := top.PlaceOf(id); back != p {
				t.Fatalf("%+v became %+v", p, back)
			}
			if q, err := top.Complete(p); q != p || err != nil {
				t.Fatalf("%+v became %+v, %v", p, q, err)
			}
		}
	})
}

// What QEMU 11.1.3 says about places that are not.
func TestComplete(t *testing.T) {
	one := Topology{Sockets: 2, Dies: 1, Modules: 1, Cores: 3, Threads: 2}
	many := Topology{Sockets: 1, Dies: 2, Modules: 2, Cores: 2, Threads: 1}
	for _, c := range []struct {
		top  Topology
		p    Place
		want string
	}{
		{one, Place{-1, -1, -1, 0, 0}, "CPU socket-id is not set"},
		{one, Place{0, -1, -1, 0, -1}, "CPU thread-id is not set"},
		{one, Place{0, 1, -1, 1, 0}, "Invalid CPU die-id: 1 must be in range 0:0"},
		{one, Place{2, -1, -1, 3, 2}, "Invalid CPU socket-id: 2 must be in range 0:1"},
		{one, Place{0, -1, -1, 3, 0}, "Invalid CPU core-id: 3 must be in range 0:2"},
		{many, Place{0, -1, -1, 0, 0}, "CPU die-id is not set"},
		{many, Place{0, 1, -1, 0, 0}, "CPU module-id is not set"},
		{many, Place{0, 1, 2, 0, 0}, "Invalid CPU module-id: 2 must be in range 0:1"},
	} {
		if _, err := c.top.Complete(c.p); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.p, err, c.want)
		}
	}
	err := Place{0, -1, -1, 2, 0}.Agree(one.PlaceOf(2), 2)
	if want := "property core-id: 2 doesn't match set apic-id: 0x2 (core-id: 1)"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
