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
	use   qom.Hold // of the backend that it has for itself
}

// shape is what such a kind of devices has to show.
type shape struct {
	queues []int  // sizes
	bits   []uint // features
	config int    // bytes of configuration
	fill   func(o *qom.Object, p []byte)
	check  func(o *qom.Object) error // of the properties
	uses   string                    // link to a backend that serves one device; empty: none
	busy   string                    // refusal of one that serves another, by its name
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
	if err := g.occupy(); err != nil {
		return err
	}
	g.Offer(g.shape.bits...)
	for _, n := range g.shape.queues {
		g.AddQueue(n)
	}
	return nil
}

// occupy takes the backend that the device has for itself.
func (g *Generic) occupy() error {
	if g.shape.uses == "" {
		return nil
	}
	b := linkOf(&g.Object, g.shape.uses)
	for _, h := range b.Holds() {
		if h.Kind() == qom.HoldBackend {
			return fmt.Errorf(g.shape.busy, b.Name())
		}
	}
	b.HoldInto(&g.use, qom.HoldBackend, g.Holder(), 1)
	return nil
}

// ExitVirtio implements [Exiter].
func (g *Generic) ExitVirtio() {
	if g.use.Held() {
		g.use.Release()
	}
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
