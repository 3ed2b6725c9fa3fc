package virtio

import (
	"fmt"

	"github.com/qomd/qomd/qom"
)

// badQueueSize is QEMU's complaint about a queue's size.
func badQueueSize(prop string, n uint64, rule string) error {
	return fmt.Errorf("invalid %s property (%d), %s", prop, n, rule)
}

// processors returns how many processors the machine has, as its property smp
// tells, and 1 where nobody does.
func processors(o *qom.Object) int {
	var smp struct {
		CPUs int `json:"cpus"`
	}
	if machineValue(o, "smp", &smp) && smp.CPUs > 0 {
		return smp.CPUs
	}
	return 1
}

// badQueueCount is QEMU's complaint about the number of queues.
func badQueueCount(n uint64, most int) error {
	return fmt.Errorf("Invalid number of queues (= %d), must be a positive integer less than %d.", n, most)
}

// Generic is a backend without a function of its own: a driver finds it,
// negotiates, and sets up its queues.
type Generic struct {
	Device
	shape *shape
}

// shape is what such a kind of devices has to show.
type shape struct {
	queues []int  // sizes
	bits   []uint // features
	config int    // bytes of configuration
	fill   func(o *qom.Object, p []byte)
	check  func(o *qom.Object) error // of the properties
}

// RealizeVirtio implements [Model].
func (g *Generic) RealizeVirtio() error {
	if g.shape == nil {
		return nil
	}
	if g.shape.check != nil {
		if err := g.shape.check(&g.Object); err != nil {
			return err
		}
	}
	g.Offer(g.shape.bits...)
	for _, n := range g.shape.queues {
		g.AddQueue(n)
	}
	return nil
}

// ConfigSize implements [Configured].
func (g *Generic) ConfigSize() int {
	if g.shape == nil {
		return 0
	}
	return g.shape.config
}

// Config implements [Configured].
func (g *Generic) Config(p []byte) {
	if g.shape != nil && g.shape.fill != nil {
		g.shape.fill(&g.Object, p)
	}
}
