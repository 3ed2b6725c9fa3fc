package pci_test

import (
	"log/slog"
	"testing"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// rig is a host bridge with a conventional root bus, and a function to test.
type rig struct {
	t           testing.TB
	env         *qdev.Env
	host        *qdev.Device
	root        pci.Bus
	system, io  memory.Region
	mem, ports  *memory.AddressSpace
	configPorts pci.ConfigPorts
	configMem   pci.ConfigMemory
	irq         [4]int
}

// testFunction is a function whose BARs each answer with a number of their own.
type testFunction struct {
	pci.Device
	regions []memory.Region
	setUp   func(*testFunction) error
	exited  bool
}

func (f *testFunction) RealizePCI() error {
	if f.setUp != nil {
		return f.setUp(f)
	}
	return nil
}

func (f *testFunction) ExitPCI() { f.exited = true }

func (f *testFunction) region(i int, size, answer uint64) *memory.Region {
	r := &f.regions[i]
	r.InitIO(f.Env().Memory, &f.Object, memory.Funcs{OnRead: func(addr uint64, _ int) uint64 { return answer + addr }}, "bar", size)
	return r
}

func newRig(t testing.TB) *rig {
	types := qom.NewTypes(nil)
	qdev.Register(types)
	memory.Register(types)
	types.Add(qom.TypeInfo{Name: "sys-bus-device", Parent: "device", Abstract: true,
		ClassInit: func(c *qom.Class) { qdev.SetClass(c, qdev.Class{BusType: "System"}) }})
	types.Add(qom.TypeInfo{Name: "host", Parent: "device"})
	pci.Register(types, nil)
	types.Add(qom.TypeInfo{Name: "test", Parent: "pci-device", Interfaces: []string{"conventional-pci-device"},
		New: func() qom.Instance { return new(testFunction) },
		ClassInit: func(c *qom.Class) {
			pci.SetClass(c, pci.Class{Vendor: 0x1234, Device: 0x5678, Class: 0x0200, IRQPin: 1})
		}})
	tree := qom.NewTree(types)
	r := &rig{t: t}
	r.env = &qdev.Env{Tree: tree, Memory: memory.NewSystem(tree), Log: slog.New(slog.DiscardHandler), Emit: func(string, any) {}}
	tree.Context = r.env
	tree.OnViolation = func(v qom.Violation) { t.Error(v) }
	child := func(name string) *qom.Object {
		o, err := tree.NewChild(tree.Root(), name, "container")
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	r.env.Peripheral, r.env.PeripheralAnon, r.env.Unattached = child("peripheral"), child("peripheral-anon"), child("unattached")
	r.env.Memory.Unattached = r.env.Unattached
	qdev.InitSystemBus(r.env)
	r.system.Init(r.env.Memory, nil, "system", ^uint64(0))
	r.io.Init(r.env.Memory, nil, "io", 1<<16)
	r.mem = r.env.Memory.NewSpace(&r.system, "memory")
	r.ports = r.env.Memory.NewPortSpace(&r.io, "I/O")
	o, err := tree.NewChild(tree.Root(), "host", "host")
	if err != nil {
		t.Fatal(err)
	}
	r.host = qdev.From(o)
	pci.InitRootBus(&r.root, "PCI", r.host, "pci.0", pci.Spaces{Mem: &r.system, IO: &r.io, DMA: &r.system})
	r.root.OnIRQ = func(pin, asserted int) { r.irq[pin] = asserted }
	r.configPorts.Init(&r.root, o, r.env.Memory, &r.io)
	r.configMem.Init(&r.root, o, r.env.Memory, 1<<20)
	if err := r.host.Realize(nil); err != nil {
		t.Fatal(err)
	}
	return r
}

// plug adds a test function at an address.
func (r *rig) plug(devfn uint8, regions int, setUp func(*testFunction) error) (*testFunction, error) {
	return r.plugOn(&r.root, devfn, regions, setUp)
}

// plugOn does so on another bus.
func (r *rig) plugOn(b *pci.Bus, devfn uint8, regions int, setUp func(*testFunction) error) (*testFunction, error) {
	o := r.env.Tree.NewClass(r.env.Tree.Types.Class("test"))
	defer o.Unref()
	if err := r.env.Peripheral.AddChild("f[*]", o); err != nil {
		r.t.Fatal(err)
	}
	f := o.Self().(*testFunction)
	f.regions, f.setUp = make([]memory.Region, regions), setUp
	f.SetDevfn(devfn)
	if err := f.Device.Device.Realize(&b.Bus); err != nil {
		o.Unparent()
		return nil, err
	}
	return f, nil
}

func (r *rig) mustPlug(devfn uint8, regions int, setUp func(*testFunction) error) *testFunction {
	r.t.Helper()
	f, err := r.plug(devfn, regions, setUp)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

func (r *rig) write(devfn uint8, at, size int, val uint32) {
	r.root.WriteConfig(0, devfn, at, size, val)
}

func (r *rig) read(devfn uint8, at, size int) uint32 { return r.root.ReadConfig(0, devfn, at, size) }

// finish checks the tree, takes everything apart and sees that nothing stays.
func (r *rig) finish() {
	r.t.Helper()
	r.env.Memory.Settle()
	for err := range qom.Check(r.env.Tree) {
		r.t.Error(err)
	}
	for _, o := range r.env.Peripheral.Children() {
		o.Unparent()
	}
	r.host.Unparent()
	r.mem.Destroy()
	r.ports.Destroy()
	for _, c := range []*memory.Region{&r.system, &r.io} {
		for _, s := range c.Subregions() {
			c.DelSubregion(s)
		}
	}
	r.env.Memory.Settle()
	r.env.Tree.Close()
	r.env.Memory.Settle()
	for s := range r.env.Tree.Storages() {
		r.t.Errorf("left over: %s #%d", s.TypeName(), s.Generation())
		for _, h := range s.Root().Holds() {
			r.t.Errorf("  held by %s %s", h.Kind(), h.Who())
		}
	}
}
