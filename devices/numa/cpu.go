package numa

import (
	"errors"
	"fmt"
)

// Level is one number of a processor's place.
type Level struct {
	Name  string // as in CpuInstanceProperties
	Value int64
}

// CPU is a place for a processor: the levels that the machine tells apart.
type CPU struct {
	Levels   []Level
	node     int
	assigned bool
}

// levels are those that can be said, in the order in which they are checked.
var levels = []string{
	"thread-id", "core-id", "module-id", "cluster-id", "die-id", "socket-id", "book-id", "drawer-id",
}

func (p *CPU) level(name string) (int64, bool) {
	for _, l := range p.Levels {
		if l.Name == name {
			return l.Value, true
		}
	}
	return 0, false
}

// addCPUs gives processors, by index, to a node.
func (c *Config) addCPUs(n *Node, number int, cpus []uint64) error {
	for _, i := range cpus {
		if i >= uint64(len(c.m.CPUs)) {
			return fmt.Errorf("CPU index (%d) should be smaller than maxcpus (%d)", i, len(c.m.CPUs))
		}
		if err := c.assign(&c.m.CPUs[i], n, number); err != nil {
			return err
		}
	}
	return nil
}

// addCPU gives the processors whose places are as said to a node.
func (c *Config) addCPU(a arguments) error {
	number, ok := a.number("node-id")
	switch {
	case !ok:
		return errors.New("Missing mandatory node-id property")
	case !c.present(number):
		return fmt.Errorf("Invalid node-id=%d, NUMA node must be defined with -numa node,nodeid=ID "+
			"before it's used with -numa cpu,node-id=ID", int64(number))
	}
	found := false
next:
	for i := range c.m.CPUs {
		p := &c.m.CPUs[i]
		for _, name := range levels {
			if _, has := p.level(name); !has && a.Has(name) {
				return fmt.Errorf("%s is not supported", name)
			}
		}
		for _, name := range levels {
			want, said := a.number(name)
			if v, _ := p.level(name); said && uint64(v) != want {
				continue next
			}
		}
		if err := c.assign(p, &c.nodes[number], int(number)); err != nil {
			return err
		}
		found = true
	}
	if !found {
		return errors.New("no match found")
	}
	return nil
}

func (c *Config) assign(p *CPU, n *Node, number int) error {
	if p.assigned && p.node != number {
		return fmt.Errorf("CPU is already assigned to node-id: %d", p.node)
	}
	p.assigned, p.node = true, number
	if !c.m.HMAT {
		return nil
	}
	if n.initiator < MaxNodes && n.initiator != number {
		return fmt.Errorf("The initiator of CPU NUMA node %d should be itself (got %d)", number, n.initiator)
	}
	n.hasCPU, n.initiator = true, number
	return nil
}

// Spread gives the processors of which nothing was said to nodes: by their
// sockets in turn when nothing was said of any, otherwise to the first node. It
// returns the indices of the latter.
func (c *Config) Spread() (left []int, err error) {
	byDefault := true
	for i := range c.m.CPUs {
		byDefault = byDefault && !c.m.CPUs[i].assigned
	}
	for i := range c.m.CPUs {
		p := &c.m.CPUs[i]
		if p.assigned {
			continue
		}
		number := 0
		if socket, _ := p.level("socket-id"); byDefault {
			number = int(socket % int64(c.said))
		} else {
			left = append(left, i)
		}
		if err := c.assign(p, &c.nodes[number], number); err != nil {
			return nil, err
		}
	}
	return left, c.checkInitiators()
}

// checkInitiators checks that the nodes that are nearest to others have
// processors.
func (c *Config) checkInitiators() error {
	for i, n := range c.nodes {
		switch {
		case !c.m.HMAT || n.initiator == MaxNodes:
		case !c.present(uint64(n.initiator)):
			return fmt.Errorf("NUMA node %d is missing, use '-numa node' option to declare it first", n.initiator)
		case !c.nodes[n.initiator].hasCPU:
			return fmt.Errorf("The initiator of NUMA node %d is invalid", i)
		}
	}
	return nil
}
