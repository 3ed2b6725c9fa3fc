package usbtest

import (
	"log/slog"
	"testing"
	"time"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// RAMSize is how much memory a machine has, in bytes, from address 0 on.
const RAMSize = 64 << 20

// MSIBase is where interrupt messages go; they are counted there.
const MSIBase = 0xfee00000

// Machine is a machine for tests.
type Machine struct {
	TB     TB
	Env    *qdev.Env
	PCI    *pci.Bus
	Space  *memory.AddressSpace // memory as the processor sees it
	Clock  *Clock
	Events []string // "DEVICE_DELETED id path", in order
	Drives Drives
	// Messages are the interrupt messages that arrived, as written.
	Messages []uint32
	// Line is whether the PCI interrupt line is asserted.
	Line bool

	system, ram, hole, msi memory.Region
	next                   uint64 // memory that no guest uses yet
}

type hostBridge struct {
	qdev.Device
	bus pci.Bus
}

// TB is what a machine needs of a test; a rapid.T has it too.
type TB interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

// New makes a machine that is closed when the test ends.
func New(tb testing.TB) *Machine {
	m := NewQuiet(tb)
	tb.Cleanup(m.Close)
	return m
}

// NewQuiet makes a machine that the test closes itself.
func NewQuiet(tb TB) *Machine {
	tree := qom.NewTree(types())
	m := &Machine{TB: tb, Clock: &Clock{}, Drives: Drives{}, next: memoryBase}
	tree.OnViolation = func(v qom.Violation) { tb.Errorf("violation: %v", v) }
	m.Env = &qdev.Env{
		Tree: tree, Memory: memory.NewSystem(tree), Clock: m.Clock, Log: slog.New(slog.DiscardHandler),
		Emit: m.emit, Backends: m.Drives,
	}
	tree.Context = m.Env
	root := tree.Root()
	container := func(parent *qom.Object, name string) *qom.Object {
		o, err := tree.NewChild(parent, name, "container")
		if err != nil {
			tb.Fatal(err)
		}
		return o
	}
	machine := container(root, "machine")
	m.Env.Peripheral = container(machine, "peripheral")
	m.Env.PeripheralAnon = container(machine, "peripheral-anon")
	m.Env.Unattached = container(machine, "unattached")
	m.Env.Memory.Unattached = m.Env.Unattached
	qdev.InitSystemBus(m.Env)
	m.initMemory()
	m.initPCI(machine)
	m.Env.Ready = true
	return m
}

func (m *Machine) initMemory() {
	sys := m.Env.Memory
	m.system.Init(sys, nil, "system", ^uint64(0))
	m.ram.InitRAM(sys, nil, "ram", RAMSize)
	m.system.AddSubregion(0, &m.ram)
	m.hole.Init(sys, nil, "pci", 1<<32)
	m.system.AddSubregionOverlap(0, &m.hole, -1)
	m.msi.InitIO(sys, nil, memory.Funcs{OnWrite: func(_ uint64, _ int, v uint64) {
		m.Messages = append(m.Messages, uint32(v))
	}}, "msi", 0x1000)
	m.system.AddSubregion(MSIBase, &m.msi)
	m.Space = sys.NewSpace(&m.system, "memory")
}

func (m *Machine) initPCI(machine *qom.Object) {
	o := m.Env.Tree.NewClass(m.Env.Tree.Types.Class(hostType))
	if err := machine.AddChild("host", o); err != nil {
		m.TB.Fatal(err)
	}
	o.Unref()
	h := o.Self().(*hostBridge)
	m.PCI = pci.InitRootBus(&h.bus, "PCI", &h.Device, "pci.0", pci.Spaces{Mem: &m.hole, IO: &m.hole, DMA: &m.system})
	m.PCI.OnIRQ = func(_, n int) { m.Line = n > 0 }
	m.PCI.SetHandler(m.PCI)
	if err := h.Device.Realize(m.Env.SystemBus); err != nil {
		m.TB.Fatal(err)
	}
}

// hostType is the type of the host bridge of the tests.
const hostType = "usbtest-host"

func (m *Machine) emit(name string, data any) {
	d, ok := data.(qdev.Deleted)
	if !ok {
		m.Events = append(m.Events, name)
		return
	}
	if d.Device != "" {
		name += " " + d.Device
	}
	m.Events = append(m.Events, name+" "+d.Path)
}

// Settle runs what waits for the end of a request.
func (m *Machine) Settle() { m.Env.Memory.Settle() }

// TryAdd is device_add: driver, and pairs of property and value.
func (m *Machine) TryAdd(driver string, props ...any) (*qdev.Device, error) {
	args := qjson.NewObject()
	args.Set("driver", driver)
	for i := 0; i+1 < len(props); i += 2 {
		v := props[i+1]
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		args.Set(props[i].(string), v)
	}
	r, err := qdev.NewRequest(args, false)
	if err != nil {
		return nil, err
	}
	d, err := qdev.Add(m.Env, r)
	m.Settle()
	return d, err
}

// Add is a device_add that must succeed.
func (m *Machine) Add(driver string, props ...any) *qdev.Device {
	m.TB.Helper()
	d, err := m.TryAdd(driver, props...)
	if err != nil {
		m.TB.Fatalf("device_add %s %v: %v", driver, props, err)
	}
	return d
}

// TryDel is device_del.
func (m *Machine) TryDel(id string) error {
	err := qdev.Del(m.Env, id)
	m.Settle()
	return err
}

// Del is a device_del that must succeed.
func (m *Machine) Del(id string) {
	m.TB.Helper()
	if err := m.TryDel(id); err != nil {
		m.TB.Fatalf("device_del %s: %v", id, err)
	}
}

// TakeEvents returns the events since the last call.
func (m *Machine) TakeEvents() []string {
	list := m.Events
	m.Events = nil
	return list
}

// Info is "info usb", and "error: ..." where that fails.
func (m *Machine) Info() string {
	s, err := usb.Info(m.Env)
	if err != nil {
		return "error: " + err.Error()
	}
	return s
}

// Check verifies the tree and that nothing drains.
func (m *Machine) Check() {
	m.TB.Helper()
	for err := range qom.Check(m.Env.Tree) {
		m.TB.Error(err)
	}
	for _, s := range m.Env.Tree.Draining() {
		m.TB.Errorf("storage #%d of %s drains", s.Generation(), s.TypeName())
		if s.Root() != nil {
			for _, h := range s.Root().Holds() {
				m.TB.Errorf("  held by %s %s", h.Kind(), h.Who())
			}
		}
	}
}

// Close checks that the tree is sound, that no storage drains, and that nothing
// is left once the machine is gone.
func (m *Machine) Close() {
	m.TB.Helper()
	m.Settle()
	m.Check()
	m.Space.Destroy()
	m.Env.Tree.Root().Unref()
	m.Settle()
	for s := range m.Env.Tree.Storages() {
		m.TB.Errorf("storage #%d of %s is left when the machine is closed", s.Generation(), s.TypeName())
	}
}

// Clock is virtual time that passes when a test says so.
type Clock struct {
	now    int64
	timers []*timer
}

type timer struct {
	at   int64
	f    func()
	done bool
}

// Now implements [qdev.Clock].
func (c *Clock) Now() int64 { return c.now }

// AfterFunc implements [qdev.Clock].
func (c *Clock) AfterFunc(d time.Duration, f func()) qdev.Timer {
	t := &timer{at: c.now + int64(d), f: f}
	c.timers = append(c.timers, t)
	return t
}

// Stop implements [qdev.Timer].
func (t *timer) Stop() bool {
	pending := !t.done
	t.done = true
	return pending
}

// Pending returns how many timers wait.
func (c *Clock) Pending() int {
	n := 0
	for _, t := range c.timers {
		if !t.done {
			n++
		}
	}
	return n
}

// Step lets time pass and runs the timers that fall due, earliest first.
func (c *Clock) Step(d time.Duration) {
	end := c.now + int64(d)
	for {
		var first *timer
		live := c.timers[:0]
		for _, t := range c.timers {
			if t.done {
				continue
			}
			live = append(live, t)
			if t.at <= end && (first == nil || t.at < first.at) {
				first = t
			}
		}
		c.timers = live
		if first == nil {
			c.now = end
			return
		}
		c.now, first.done = first.at, true
		first.f()
	}
}
