package chipset_test

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/qomd/qomd/devices"
	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/intc"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

var types = sync.OnceValue(func() *qom.Types { return devices.NewTypes(catalog.Default()) })

// rig is a board without a machine around it.
type rig struct {
	t          testing.TB
	env        *qdev.Env
	board      *chipset.Board
	system, io memory.Region
	ram        memory.Region
	mem, ports *memory.AddressSpace
	cpu        *chipset.Processor
	clock      clock
	events     []string
	interrupts int
	sleeps     []acpi.Sleep
	resets     int
}

// clock is virtual time that tests step.
type clock struct{ now int64 }

func (c *clock) Now() int64                                 { return c.now }
func (c *clock) AfterFunc(time.Duration, func()) qdev.Timer { panic("no timers here") }

// global is a -global setting.
func global(typ, property, value string) qdev.Default {
	return qdev.Default{Type: typ, Property: property, Value: value}
}

// newRig builds a board, "q35" or "pc"; it is not reset yet.
func newRig(t testing.TB, board string, defaults ...qdev.Default) *rig {
	tree := qom.NewTree(types())
	r := &rig{t: t}
	r.env = &qdev.Env{
		Tree: tree, Memory: memory.NewSystem(tree), Clock: &r.clock, Log: slog.New(slog.DiscardHandler),
		Defaults: defaults, Interrupt: func() { r.interrupts++ },
		Emit: func(name string, data any) {
			if d, ok := data.(qdev.Deleted); ok {
				name = d.Device
				if name == "" {
					name = d.Path
				}
			}
			r.events = append(r.events, name)
		},
	}
	tree.Context = r.env
	tree.OnViolation = func(v qom.Violation) { t.Error(v) }
	child := func(parent *qom.Object, name, typ string) *qom.Object {
		o, err := tree.NewChild(parent, name, typ)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	machine := child(tree.Root(), "machine", map[string]string{"q35": "pc-q35-11.1-machine", "pc": "pc-i440fx-11.1-machine"}[board])
	objects := child(tree.Root(), "objects", "container")
	r.env.Peripheral = child(machine, "peripheral", "container")
	r.env.PeripheralAnon = child(machine, "peripheral-anon", "container")
	r.env.Unattached = child(machine, "unattached", "container")
	r.env.Memory.Unattached = r.env.Unattached
	qdev.InitSystemBus(r.env)
	r.system.Init(r.env.Memory, nil, "system", ^uint64(0))
	r.io.Init(r.env.Memory, nil, "io", 1<<16)
	r.mem = r.env.Memory.NewSpace(&r.system, "memory")
	r.ports = r.env.Memory.NewPortSpace(&r.io, "I/O")

	backend := child(objects, "pc.ram", "container")
	r.ram.InitRAM(r.env.Memory, backend, "pc.ram", 128<<20)
	low := new(memory.Region)
	low.InitAlias(r.env.Memory, nil, "ram-below-4g", &r.ram, 0, 128<<20)
	r.system.AddSubregion(0, low)

	cpu := child(r.env.Unattached, "device[*]", "qemu64-x86_64-cpu")
	cpu.Store("apic-id", uint64(0))
	if err := qdev.From(cpu).Realize(nil); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.cpu, err = chipset.NewProcessor(r.env, qdev.From(cpu), &r.system, &r.io, new(intc.Messages), 0, true, true); err != nil {
		t.Fatal(err)
	}
	build := chipset.NewQ35
	if board == "pc" {
		build = chipset.NewPC
	}
	r.board, err = build(r.env, chipset.Options{
		Machine: machine, System: &r.system, IO: &r.io, RAM: &r.ram, LowRAM: 128 << 20,
		Sleep: func(s acpi.Sleep) { r.sleeps = append(r.sleeps, s) },
		Reset: func() { r.resets++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.cpu.ShowSMRAM(r.env, qdev.From(cpu), r.board.SMRAM)
	return r
}

// start completes the machine: what comes from now on is hot-plugged.
func (r *rig) start() {
	r.reset()
	r.env.Ready = true
}

func (r *rig) reset() {
	r.env.SystemBus.ColdReset()
	r.settle()
}

func (r *rig) settle() {
	r.env.Memory.Settle()
}

// try is device_add with "driver,id=..,name=value" given as pairs.
func (r *rig) try(driver string, pairs ...any) error {
	r.t.Helper()
	args := qjson.NewObject()
	args.Set("driver", driver)
	for i := 0; i < len(pairs); i += 2 {
		args.Set(pairs[i].(string), pairs[i+1])
	}
	req, err := qdev.NewRequest(args, false)
	if err != nil {
		r.t.Fatal(err)
	}
	_, err = qdev.Add(r.env, req)
	r.settle()
	return err
}

func (r *rig) add(driver string, pairs ...any) {
	r.t.Helper()
	if err := r.try(driver, pairs...); err != nil {
		r.t.Fatalf("device_add %s: %v", driver, err)
	}
}

// del is device_del; it answers the error's text.
func (r *rig) del(id string) string {
	r.t.Helper()
	err := qdev.Del(r.env, id)
	r.settle()
	if err != nil {
		return err.Error()
	}
	return ""
}

func (r *rig) out(port uint64, size int, val uint64) {
	r.ports.WriteN(port, size, val)
	r.settle()
}

func (r *rig) in(port uint64, size int) uint64 {
	v, _ := r.ports.ReadN(port, size)
	return v
}

// configAddress selects a configuration register.
func (r *rig) config(bus, devfn, reg int) uint64 {
	r.out(0xcf8, 4, uint64(0x80000000|bus<<16|devfn<<8|reg&^3))
	return 0xcfc + uint64(reg&3)
}

// take returns the events since the last call.
func (r *rig) take() []string {
	list := r.events
	r.events = nil
	return list
}

// finish checks the tree, takes everything apart and sees that nothing stays.
func (r *rig) finish() {
	r.t.Helper()
	r.settle()
	for err := range qom.Check(r.env.Tree) {
		r.t.Error(err)
	}
	r.close()
	for s := range r.env.Tree.Storages() {
		r.t.Errorf("left over: %s #%d %s", s.TypeName(), s.Generation(), s.FormerPath())
		if s.Root() != nil {
			for _, h := range s.Root().Holds() {
				r.t.Errorf("  held by %s %s", h.Kind(), h.Who())
			}
		}
	}
}

func (r *rig) close() {
	for _, c := range []*qom.Object{r.env.Peripheral, r.env.PeripheralAnon} {
		list := c.Children()
		for i := len(list) - 1; i >= 0; i-- {
			list[i].Unparent()
		}
	}
	r.board.Close()
	r.mem.Destroy()
	r.ports.Destroy()
	r.settle()
	r.env.Tree.Close()
	r.settle()
}

func inputOf(v any) qom.Input { return qom.Value(v) }
