package cpu

import (
	"fmt"
	"math/bits"
)

// Place is where a processor sits. Members are -1 while they are unknown.
type Place struct {
	Socket, Die, Module, Core, Thread int64
}

// Topology says how many there are of everything: dies in a socket, modules in
// a die, cores in a module, threads in a core. No member is below 1.
type Topology struct {
	Sockets, Dies, Modules, Cores, Threads int64
}

// Slots returns how many places there are.
func (t Topology) Slots() int64 { return t.Sockets * t.Dies * t.Modules * t.Cores * t.Threads }

// At returns the place with number index, in the order of APIC ids.
func (t Topology) At(index int64) Place {
	var p Place
	p.Thread, index = index%t.Threads, index/t.Threads
	p.Core, index = index%t.Cores, index/t.Cores
	p.Module, index = index%t.Modules, index/t.Modules
	p.Die, p.Socket = index%t.Dies, index/t.Dies
	return p
}

// width is how many bits of an APIC id tell n things apart.
func width(n int64) int { return bits.Len64(uint64(n - 1)) }

// APICID returns the APIC id of a place. Each level has bits of its own, as
// many as it needs, so that ids leave gaps where a count is no power of two.
func (t Topology) APICID(p Place) uint32 {
	id := uint64(p.Socket)
	for _, level := range []struct{ n, i int64 }{{t.Dies, p.Die}, {t.Modules, p.Module}, {t.Cores, p.Core}, {t.Threads, p.Thread}} {
		id = id<<width(level.n) | uint64(level.i)
	}
	return uint32(id)
}

// PlaceOf is the reverse of APICID. The id need not be that of a real place.
func (t Topology) PlaceOf(id uint32) Place {
	take := func(n int64) int64 {
		w := width(n)
		v := id & (1<<w - 1)
		id >>= w
		return int64(v)
	}
	var p Place
	p.Thread, p.Core, p.Module, p.Die = take(t.Threads), take(t.Cores), take(t.Modules), take(t.Dies)
	p.Socket = int64(id)
	return p
}

// Complete fills in levels that may be left out because there is only one of
// their kind, and checks the others, in QEMU's order and words.
func (t Topology) Complete(p Place) (Place, error) {
	if p.Die < 0 && t.Dies == 1 {
		p.Die = 0
	}
	if p.Module < 0 && t.Modules == 1 {
		p.Module = 0
	}
	for _, level := range []struct {
		name string
		i, n int64
	}{
		{"socket-id", p.Socket, t.Sockets}, {"die-id", p.Die, t.Dies}, {"module-id", p.Module, t.Modules},
		{"core-id", p.Core, t.Cores}, {"thread-id", p.Thread, t.Threads},
	} {
		if level.i < 0 {
			return p, fmt.Errorf("CPU %s is not set", level.name)
		}
		if level.i >= level.n {
			return p, fmt.Errorf("Invalid CPU %s: %d must be in range 0:%d", level.name, level.i, level.n-1)
		}
	}
	return p, nil
}

// Agree checks that what was said of a place fits the one an APIC id stands
// for.
func (p Place) Agree(real Place, id uint32) error {
	for _, level := range []struct {
		name       string
		said, real int64
	}{
		{"socket-id", p.Socket, real.Socket}, {"die-id", p.Die, real.Die}, {"module-id", p.Module, real.Module},
		{"core-id", p.Core, real.Core}, {"thread-id", p.Thread, real.Thread},
	} {
		if level.said >= 0 && level.said != level.real {
			return fmt.Errorf("property %s: %d doesn't match set apic-id: 0x%x (%s: %d)",
				level.name, level.said, id, level.name, level.real)
		}
	}
	return nil
}
