package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
)

// fields returns the levels of the topology by their names in -smp, in the
// order in which QEMU's SMPConfiguration has them.
func (s *SMP) fields() []struct {
	name  string
	value *uint64
} {
	return []struct {
		name  string
		value *uint64
	}{
		{"cpus", &s.CPUs}, {"drawers", &s.Drawers}, {"books", &s.Books}, {"sockets", &s.Sockets},
		{"dies", &s.Dies}, {"clusters", &s.Clusters}, {"modules", &s.Modules}, {"cores", &s.Cores},
		{"threads", &s.Threads}, {"maxcpus", &s.MaxCPUs},
	}
}

var errTopologyZero = errors.New("Invalid CPU topology: CPU topology parameters must be greater than zero")

// newSMP reads the members of -smp.
func newSMP(values *qjson.Object) (SMP, error) {
	var s SMP
	zero := false
	rest := values.Clone()
	for _, f := range s.fields() {
		v, ok := values.Get(f.name)
		if !ok {
			continue
		}
		rest.Delete(f.name)
		text, _ := v.(string)
		n, err := parseInteger(text)
		if err != nil {
			return s, fmt.Errorf("Parameter 'smp.%s' expects integer", f.name)
		}
		*f.value, zero = n, zero || n == 0
	}
	for name := range rest.Hashed() {
		return s, fmt.Errorf("Parameter 'smp.%s' is unexpected", name)
	}
	if zero {
		return s, errTopologyZero
	}
	return s, nil
}

// parseInteger reads a number as the QAPI visitors do: C's notation, with a
// sign, in 64 bits.
func parseInteger(text string) (uint64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(text, "+"), 0, 64)
	return uint64(n), err
}

// Resolve fills in the levels that were not given, as QEMU does for machine
// types from 6.2 on: cores before sockets. The machine, by name or alias in the
// catalog, limits the number of processors. The errors are QEMU's.
func (s SMP) Resolve(cat *catalog.Catalog, machine string) (SMP, error) {
	facts, ok := cat.Machine(machine)
	if !ok {
		return s, fmt.Errorf("unsupported machine type: \"%s\"", machine)
	}
	pc := cat.Implements(facts.Name+"-machine", "generic-pc-machine")
	levels := []struct {
		name      string
		value     *uint64
		supported bool
	}{
		{"modules", &s.Modules, pc}, {"clusters", &s.Clusters, false}, {"dies", &s.Dies, pc},
		{"books", &s.Books, false}, {"drawers", &s.Drawers, false},
	}
	for _, l := range levels {
		if !l.supported && *l.value > 1 {
			return s, fmt.Errorf("%s > 1 not supported by this machine's CPU topology", l.name)
		}
		*l.value = max(*l.value, 1)
	}
	s.complete()
	hierarchy := fmt.Sprintf("sockets (%d)", s.Sockets)
	if pc {
		hierarchy += fmt.Sprintf(" * dies (%d) * modules (%d)", s.Dies, s.Modules)
	}
	hierarchy += fmt.Sprintf(" * cores (%d) * threads (%d)", s.Cores, s.Threads)
	limit := uint64(facts.CPUMax)
	switch {
	case s.product() != s.MaxCPUs:
		return s, fmt.Errorf("Invalid CPU topology: product of the hierarchy must match maxcpus: %s != maxcpus (%d)", hierarchy, s.MaxCPUs)
	case s.MaxCPUs < s.CPUs:
		return s, fmt.Errorf("Invalid CPU topology: maxcpus must be equal to or greater than smp: %s == maxcpus (%d) < smp_cpus (%d)", hierarchy, s.MaxCPUs, s.CPUs)
	case s.MaxCPUs > limit:
		return s, fmt.Errorf("Invalid SMP CPUs %d. The max CPUs supported by machine '%s' is %d", int32(s.MaxCPUs), facts.Name, limit)
	}
	return s, nil
}

// outer is how many cores with one thread would be counted for one socket
// with one core: the product of the levels between.
func (s *SMP) outer() uint64 { return s.Drawers * s.Books * s.Dies * s.Clusters * s.Modules }

func (s *SMP) product() uint64 { return s.outer() * s.Sockets * s.Cores * s.Threads }

// complete computes what is still zero from what is not.
func (s *SMP) complete() {
	if s.MaxCPUs == 0 {
		s.MaxCPUs = s.CPUs
	}
	switch n := s.MaxCPUs; {
	case n == 0:
		s.Sockets, s.Cores, s.Threads = max(s.Sockets, 1), max(s.Cores, 1), max(s.Threads, 1)
		s.MaxCPUs = s.product()
	case s.Cores == 0:
		s.Sockets, s.Threads = max(s.Sockets, 1), max(s.Threads, 1)
		s.Cores = divide(n, s.Sockets*s.outer()*s.Threads)
	case s.Sockets == 0:
		s.Threads = max(s.Threads, 1)
		s.Sockets = divide(n, s.outer()*s.Cores*s.Threads)
	case s.Threads == 0:
		s.Threads = divide(n, s.outer()*s.Sockets*s.Cores)
	}
	if s.CPUs == 0 {
		s.CPUs = s.MaxCPUs
	}
}

// divide is n/d, and zero where huge levels have made d overflow to zero.
func divide(n, d uint64) uint64 {
	if d == 0 {
		return 0
	}
	return n / d
}
