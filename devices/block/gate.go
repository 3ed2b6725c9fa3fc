package block

import "slices"

// gate is what requests of devices and clients pass through. While it is closed
// they wait; when those that passed are over the graph can be changed under
// nobody's feet. It is QEMU's drained section.
type gate struct {
	inside  int      // requests under way
	drains  []func() // that wait for there to be none, the gate being closed
	waiting []func() // requests
}

// enter counts a request to some nodes in, or keeps it back: then again is
// called later.
func (t *gate) enter(pins []*Node, again func()) bool {
	held := slices.ContainsFunc(pins, func(n *Node) bool { return n.held })
	if len(t.drains) > 0 || held {
		t.waiting = append(t.waiting, again)
		return false
	}
	t.inside++
	return true
}

// leave counts a request out.
func (t *gate) leave() {
	t.inside--
	t.settle()
}

// drain calls f as soon as no request is under way, and keeps new ones back
// until f returned.
func (t *gate) drain(f func()) {
	t.drains = append(t.drains, f)
	if len(t.drains) == 1 {
		t.settle()
	}
}

func (t *gate) settle() {
	for t.inside == 0 && len(t.drains) > 0 {
		t.drains[0]()
		if t.drains = t.drains[1:]; len(t.drains) > 0 {
			continue
		}
		t.open()
	}
}

// open lets those in that wait, as far as they may.
func (t *gate) open() {
	waiting := t.waiting
	t.waiting = nil
	for _, again := range waiting {
		again()
	}
}

// hold keeps requests to a node back, or no longer.
func (g *Graph) hold(n *Node, on bool) {
	if n.held = on; !on {
		g.gate.open()
	}
}

// drained calls f under the machine's lock while no request is under way. It is
// for goroutines, which wait.
func (g *Graph) drained(f func()) {
	done := make(chan struct{})
	g.opts.Do(func() {
		g.gate.drain(func() {
			f()
			close(done)
		})
	})
	<-done
}

// Drain waits until no request is under way. It must be called without the
// machine's lock.
func (g *Graph) Drain() { g.drained(func() {}) }

// pass runs a request of a goroutine's own, without the lock, on what node is
// then behind an edge.
func (g *Graph) pass(e *Edge, work func(n *Node, img image) error) error {
	entered := make(chan []*Node, 1)
	var enter func()
	enter = func() {
		pins := g.pin(e.Node())
		if g.gate.enter(pins, enter) {
			entered <- pins
		} else {
			g.unpin(pins)
		}
	}
	g.opts.Do(enter)
	pins := <-entered
	err := work(pins[0], pins[0].img)
	g.opts.Do(func() {
		g.unpin(pins)
		g.gate.leave()
	})
	return err
}

// pin keeps the files of a node and of all below it open; the node is the first
// of the list.
func (g *Graph) pin(n *Node) []*Node {
	pins := n.pins(nil)
	for _, p := range pins {
		p.inFlight++
	}
	return pins
}

// unpin undoes pin.
func (g *Graph) unpin(pins []*Node) {
	for _, p := range pins {
		if p.inFlight--; p.inFlight == 0 && p.closed {
			g.finish(p)
		}
	}
}
