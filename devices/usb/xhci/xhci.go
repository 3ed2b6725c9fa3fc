package xhci

import (
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/regs"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qom"
)

// Sizes of the controller. QEMU offers properties for slots and interrupters
// on one type, but reads them before users can set them.
const (
	maxPorts = 15 // of each protocol
	maxSlots = 64
	maxIntrs = 16
)

// CoreType is the QOM type of the core.
const CoreType = "base-xhci"

// Core is the controller proper, whatever bus it is on. It corresponds to
// XHCIState in QEMU. Whoever embeds it calls setHost before it is realized.
type Core struct {
	qdev.Device
	host    host
	tables  *tables
	streams bool

	mem, caps, operMem, rtMem, doorMem memory.Region
	capRegs                            regs.Block[*Core]
	oper, runtime, doors               regs.Block[*Core]

	strong qom.Hold // on the host, where the machine's rule is that of QEMU 7.2
	bus    usb.Bus
	n2, n3 int        // ports of each protocol
	ports  []port     // USB 3.0 ones first
	plugs  []usb.Port // one per pair of a USB 2.0 and a USB 3.0 port

	intrs    [maxIntrs]interrupter
	slots    [maxSlots + 1]*slot // by number, from 1 on; nil: not enabled
	commands ring
	started  int64 // when it was last started, virtual nanoseconds
	busy     bool  // in the command ring
	fetches  int   // blocks read since a doorbell was rung
	access   int   // accesses of its own to memory that are going on
}

// host is the function that a core is part of.
type host interface {
	QOM() *qom.Object
	Qdev() *qdev.Device
	// memory is the memory that the controller works on, nil for none.
	memory() *memory.AddressSpace
	// interrupt asserts or releases the line, which interrupter 0 has, or sends
	// the message of n when level is set; it reports whether it sent one.
	interrupt(n int, level bool) bool
	// location names the function in serial numbers.
	location() string
}

type tablesKey struct{}

func registerCore(t *qom.Types) {
	shared := newTables()
	t.Add(qom.TypeInfo{
		Name: CoreType, Parent: "device",
		New: func() qom.Instance { return new(Core) },
		ClassInit: func(c *qom.Class) {
			c.SetValue(tablesKey{}, shared)
			qdev.UpdateClass(c, func(k *qdev.Class) { k.UserCreatable = false })
		},
		Properties: []*qom.Property{{
			Name: "host", Type: "link<device>",
			Get: func(o *qom.Object) (any, error) {
				if h := coreOf(o).hostObject(); h != nil {
					return h.Path(), nil
				}
				return "", nil
			},
			Target: func(o *qom.Object) *qom.Object { return coreOf(o).hostObject() },
			Set:    setHost,
		}},
	})
}

func coreOf(o *qom.Object) *Core {
	c, _ := o.Self().(*Core)
	return c
}

// hostObject is the target of the link. The link is weak: the host holds the
// core, and a reference back would keep both for ever.
func (c *Core) hostObject() *qom.Object {
	if c == nil || c.host == nil || !c.Realized() {
		return nil
	}
	return c.host.QOM()
}

// setHost checks what a user gives as host, and ignores it: realizing sets the
// link to the function that the core is part of.
func setHost(o *qom.Object, in qom.Input) error {
	if _, err := o.ResolveLink("host", "device", in); err != nil {
		return err
	}
	if d := qdev.From(o); d.Realized() {
		return fmt.Errorf("Attempt to set link property 'host' on device '(null)' (type '%s') after it was realized", d.TypeName())
	}
	return nil
}

// Realize implements [qdev.Realizer].
func (c *Core) Realize() error {
	if c.host == nil {
		return fmt.Errorf("%s is part of a controller", CoreType)
	}
	// Too many ports are cut to the limit, and the properties show that.
	for _, p := range [...]struct {
		name string
		n    *int
	}{{"p2", &c.n2}, {"p3", &c.n3}} {
		*p.n = int(min(c.StoredUint(p.name), maxPorts))
		c.Store(p.name, uint64(*p.n))
	}
	c.streams = c.StoredBool("streams")
	c.tables = c.Class().Value(tablesKey{}).(*tables)
	c.capRegs, c.oper = c.tables.caps.New(c), c.tables.oper.New(c)
	c.runtime, c.doors = c.tables.runtime.New(c), c.tables.door.New(c)

	if c.Env().Lifetime.StrongHost() {
		c.host.QOM().HoldBy(&c.strong, &c.Object, qom.HoldLink, "xhci-core.host", 1)
	}
	c.bus.InitBus(c.host.Qdev(), nil, "")
	c.bus.Waker, c.bus.Location = c, c.host.location()
	c.initPorts()
	c.initRegions()
	return nil
}

func (c *Core) initRegions() {
	sys, o := c.Env().Memory, &c.Object
	c.mem.Init(sys, o, "xhci", barSize)
	add := func(r *memory.Region, ops memory.Ops, rules *memory.Rules, name string, at, size uint64) {
		r.InitIO(sys, o, ops, name, size)
		r.SetRules(rules)
		c.mem.AddSubregion(at, r)
	}
	sys.Begin()
	defer sys.Commit()
	add(&c.caps, window{c, &c.capRegs}, &capRules, "capabilities", 0, capSize)
	add(&c.operMem, window{c, &c.oper}, &wideRules, "operational", operOffset, operSize)
	add(&c.rtMem, window{c, &c.runtime}, &wideRules, "runtime", rtOffset, rtSize)
	add(&c.doorMem, window{c, &c.doors}, &longRules, "doorbell", doorOffset, doorSize)
	for i := range c.ports {
		p := &c.ports[i]
		add(&p.mem, window{c, &p.regs}, &longRules, p.name, portOffset+uint64(i)*portSize, portSize)
	}
}

// Unrealize implements [qdev.Unrealizer]. The devices are gone already: their
// bus is the host's. Regions stay, for whoever still holds them; the closed
// gate answers.
func (c *Core) Unrealize() {
	for i := range c.slots {
		c.disableSlot(i)
	}
	sys := c.Env().Memory
	sys.Begin()
	defer sys.Commit()
	for _, r := range [...]*memory.Region{&c.caps, &c.operMem, &c.rtMem, &c.doorMem} {
		c.mem.DelSubregion(r)
	}
	for i := range c.ports {
		c.mem.DelSubregion(&c.ports[i].mem)
	}
}

// Reset implements [qdev.Resetter]: all registers and rings start over, devices
// stay attached.
func (c *Core) Reset() {
	if c.tables == nil {
		return
	}
	for i := range c.slots {
		c.disableSlot(i)
	}
	c.oper.Reset(true)
	c.runtime.Reset(true)
	c.intrs = [maxIntrs]interrupter{}
	c.commands = ring{}
	for i := range c.ports {
		c.ports[i].reset()
	}
	c.updateInterrupt(0)
}

// running reports whether the guest started the controller and it works.
func (c *Core) running() bool { return c.oper.Get(opUSBSTS)&stsHalted == 0 }

// failed reports whether the controller gave up.
func (c *Core) failed() bool { return c.oper.Get(opUSBSTS)&stsError != 0 }

func (c *Core) halt() {
	c.oper.SetBits(opUSBSTS, 0, stsHalted)
	c.oper.ClearBits(opCRCRLow, 0, crcrRunning)
}

// die stops the controller for good, xHCI 4.10.2.6 and 4.24.1.
func (c *Core) die(why string) {
	if c.failed() {
		return
	}
	c.Env().Log.Warn("xhci: controller stopped", "device", c.host.Qdev().Label(), "reason", why)
	c.oper.SetBits(opUSBSTS, 0, stsError|stsHostError)
	c.oper.ClearBits(opUSBCMD, 0, cmdRun)
	c.halt()
}

// window is a register block as memory sees it. It keeps the controller's own
// accesses out: rings and messages of a guest may lead to the very registers
// that start the work.
type window struct {
	core *Core
	ops  memory.Ops
}

// Read implements [memory.Ops].
func (w window) Read(addr uint64, size int) uint64 {
	if w.core.access > 0 {
		w.core.die("read of its own registers")
		return 0
	}
	return w.ops.Read(addr, size)
}

// Write implements [memory.Ops].
func (w window) Write(addr uint64, size int, val uint64) {
	if w.core.access > 0 {
		w.core.die("write of its own registers")
		return
	}
	w.ops.Write(addr, size, val)
}

// read copies guest memory to p. Where it cannot be reached p is all ones, and
// the controller has stopped.
func (c *Core) read(addr uint64, p []byte) bool {
	c.access++
	defer func() { c.access-- }()
	if as := c.host.memory(); as != nil && as.Read(addr, p) == memory.OK {
		return true
	}
	for i := range p {
		p[i] = 0xff
	}
	c.die(fmt.Sprintf("read at 0x%x failed", addr))
	return false
}

// write copies p to guest memory.
func (c *Core) write(addr uint64, p []byte) bool {
	c.access++
	defer func() { c.access-- }()
	if as := c.host.memory(); as != nil && as.Write(addr, p) == memory.OK {
		return true
	}
	c.die(fmt.Sprintf("write at 0x%x failed", addr))
	return false
}

// unmap ends the mappings of a transfer, which writes back what was not memory.
func (c *Core) unmap(x *transfer) {
	c.access++
	x.packet.Unmap()
	c.access--
}
