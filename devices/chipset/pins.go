package chipset

// InterruptInputs is a device whose inputs work.
type InterruptInputs interface {
	// WatchInputs tells f of every change of an input from now on, when all of
	// them count as low; nil ends that.
	WatchInputs(f func(input int, level bool))
	// SetInput drives an input, whatever else does. One that the device does not
	// have is ignored.
	SetInput(input int, level bool)
}

// InterruptOutputs is a device with outputs that work.
type InterruptOutputs interface {
	// WatchOutputs tells f of every change of the outputs of a name, as
	// [InterruptInputs.WatchInputs] does. It reports false for other names.
	WatchOutputs(name string, f func(output int, level bool)) bool
}

// unnamedOutputs is the name of outputs that have none.
const unnamedOutputs = "unnamed-gpio-out"

// pins are inputs or outputs that somebody may watch.
type pins struct{ watched *watched }

type watched struct {
	levels uint32
	tell   func(n int, level bool)
}

func (p *pins) watch(f func(n int, level bool)) {
	p.watched = nil
	if f != nil {
		p.watched = &watched{tell: f}
	}
}

// watchUnnamed is WatchOutputs of a device that has no outputs with names.
func (p *pins) watchUnnamed(name string, f func(n int, level bool)) bool {
	if name != unnamedOutputs {
		return false
	}
	p.watch(f)
	return true
}

// set tells of a pin's level.
func (p *pins) set(n int, level bool) {
	w := p.watched
	if w == nil || w.levels>>n&1 != 0 == level {
		return
	}
	w.levels ^= 1 << n
	w.tell(n, level)
}

// lineCounts count how often each of some lines rose since the machine was
// made, which HMP's "info irq" shows; nobody resets them, and they do not travel.
type lineCounts struct {
	levels uint32
	rose   [Inputs]uint64
}

func (c *lineCounts) set(n int, level bool) {
	if c.levels>>n&1 != 0 == level {
		return
	}
	c.levels ^= 1 << n
	if level {
		c.rose[n]++
	}
}

// InterruptController is a device that HMP's "info pic" and "info irq" tell of.
type InterruptController interface {
	// InterruptText is the state of its registers.
	InterruptText() string
	// InterruptCounts is how often each of its lines rose; nil: it counts none.
	InterruptCounts() []uint64
}
