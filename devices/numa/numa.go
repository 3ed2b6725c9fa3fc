package numa

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
)

// MaxNodes is how many nodes there may be.
const MaxNodes = 128

// Node is one node.
type Node struct {
	Memory    uint64 // bytes
	Backend   string // the path of its memory backend, empty: none
	present   bool
	hasCPU    bool
	initiator int // the node whose processors are nearest; MaxNodes: not said
}

// Machine is what the description has to know of its machine.
type Machine struct {
	// CPUs are the places for processors, in order.
	CPUs []CPU
	// LegacyMemory says that a node's memory may be a size alone, HMAT that the
	// guest is told of latencies.
	LegacyMemory, HMAT bool
	// Backend finds a memory backend: its path and its size.
	Backend func(name string) (path string, size uint64, ok bool)
	// Complain is told of a mistake that QEMU gets over.
	Complain func(text string)
}

// Config are the nodes of a machine.
type Config struct {
	m        Machine
	nodes    []Node // up to the highest number said
	said     int    // how many were
	memory   bool   // some node has its memory by size
	memdev   bool   // some node by backend
	distance map[[2]int]int
	hmat     hmat
}

// New returns a description without nodes.
func New(m Machine) *Config { return &Config{m: m} }

// Apply adds one statement, the arguments of set-numa-node as its schema has
// them.
func (c *Config) Apply(args *qjson.Object) error {
	a := arguments{args}
	switch a.text("type") {
	case "node":
		return c.addNode(a)
	case "dist":
		return c.addDistance(a)
	case "cpu":
		return c.addCPU(a)
	case "hmat-lb":
		return c.addLatency(a)
	}
	return c.addCache(a)
}

// Len returns how many nodes there are.
func (c *Config) Len() int {
	if c == nil {
		return 0
	}
	return c.said
}

// Nodes returns the nodes by number.
func (c *Config) Nodes() []Node { return c.nodes }

// NodeOf returns the node of a place for processors, and whether it has one.
func (c *Config) NodeOf(cpu int) (node int64, ok bool) {
	if c == nil || !c.m.CPUs[cpu].assigned {
		return 0, false
	}
	return int64(c.m.CPUs[cpu].node), true
}

// Errors of nodes.
var (
	errHMATOff = errors.New("ACPI Heterogeneous Memory Attribute Table (HMAT) is disabled, " +
		"enable it with -machine hmat=on before using any of hmat specific options")
	errMixed  = errors.New("numa configuration should use either mem= or memdev=,mixing both is not allowed")
	errLegacy = errors.New("Parameter -numa node,mem is not supported by this machine type\nUse -numa node,memdev instead")
)

func (c *Config) addNode(a arguments) error {
	number, ok := a.number("nodeid")
	if !ok {
		number = uint64(c.said)
	}
	switch {
	case number >= MaxNodes:
		return fmt.Errorf("Max number of NUMA nodes reached: %d", number)
	case c.present(number):
		return fmt.Errorf("Duplicate NUMA nodeid: %d", number)
	}
	n := Node{present: true, initiator: MaxNodes}
	if initiator, ok := a.number("initiator"); ok {
		switch {
		case !c.m.HMAT:
			return errHMATOff
		case initiator >= MaxNodes: // told, and the statement is dropped
			c.m.Complain(fmt.Sprintf("The initiator id %d expects an integer between 0 and %d", initiator, MaxNodes-1))
			return nil
		}
		n.initiator = int(initiator)
	}
	if err := c.addCPUs(&n, int(number), a.numbers("cpus")); err != nil {
		return err
	}
	backend, size := a.text("memdev"), uint64(0)
	size, hasSize := a.number("mem")
	c.memdev, c.memory = c.memdev || backend != "", c.memory || hasSize
	switch {
	case c.memdev && hasSize, c.memory && backend != "":
		return errMixed
	case hasSize && !c.m.LegacyMemory:
		return errLegacy
	case hasSize:
		n.Memory = size
	case backend != "":
		if n.Backend, n.Memory, ok = c.m.Backend(backend); !ok {
			return fmt.Errorf("memdev=%s is ambiguous", backend)
		}
	}
	for len(c.nodes) <= int(number) {
		c.nodes = append(c.nodes, Node{initiator: MaxNodes})
	}
	c.nodes[number] = n
	c.said++
	return nil
}

// present reports whether a node was said.
func (c *Config) present(number uint64) bool {
	return number < uint64(len(c.nodes)) && c.nodes[number].present
}

// UsesBackends reports whether the machine's memory is that of nodes' backends.
func (c *Config) UsesBackends() bool { return c != nil && c.memdev }

// Complete checks the whole for a machine with so many bytes of memory, and
// spreads processors of which nothing was said.
func (c *Config) Complete(memory uint64) error {
	for i := len(c.nodes) - 1; i >= 0; i-- {
		if !c.nodes[i].present {
			return fmt.Errorf("numa: Node ID missing: %d", i)
		}
	}
	if c.said == 0 {
		return nil
	}
	total := uint64(0)
	for _, n := range c.nodes {
		total += n.Memory
	}
	if total != memory {
		return fmt.Errorf("total memory for NUMA nodes (0x%x) should equal RAM size (0x%x)", total, memory)
	}
	return c.completeDistances()
}

// Single makes the one node of a machine of which nothing was said, with all its
// memory.
func (c *Config) Single(memory uint64) {
	c.nodes, c.said = []Node{{present: true, initiator: MaxNodes, Memory: memory}}, 1
}

// arguments reads members of checked arguments.
type arguments struct{ *qjson.Object }

func (a arguments) text(name string) string {
	v, _ := a.Get(name)
	s, _ := v.(string)
	return s
}

func (a arguments) number(name string) (uint64, bool) {
	v, ok := a.Get(name)
	if !ok {
		return 0, false
	}
	return asNumber(v), true
}

func (a arguments) numbers(name string) []uint64 {
	v, _ := a.Get(name)
	list, _ := v.([]any)
	out := make([]uint64, len(list))
	for i, n := range list {
		out[i] = asNumber(n)
	}
	return out
}

func asNumber(v any) uint64 {
	if n, ok := v.(uint64); ok {
		return n
	}
	n, _ := qjson.Int(v)
	return uint64(n)
}
