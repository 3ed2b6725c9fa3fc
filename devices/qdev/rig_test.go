package qdev

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

// controller is a device that embeds its core by value, as an xHCI function
// does: the core's struct has the bus, whose composition parent is the
// controller.
type controller struct {
	Device
	core  core
	stage string // where realizing fails; empty: nowhere
	trace []string
}

type core struct {
	Device
	bus  testBus
	fail bool
}

type testBus struct {
	Bus
	refuse error
	plug   error
}

func (b *testBus) CheckAddress(d *Device) error {
	if l, ok := d.Self().(*leaf); ok && l.addr > 7 {
		return fmt.Errorf("port %d does not exist", l.addr)
	}
	return nil
}

func (b *testBus) PrePlug(*Device) error { return b.refuse }
func (b *testBus) Plug(*Device) error    { return b.plug }

// slowHandler unplugs on request only.
type slowHandler struct{ *testBus }

func (h slowHandler) UnplugRequest(d *Device) error {
	d.SetUnplugPending(5 * time.Second)
	return nil
}

// leaf is a device without children.
type leaf struct {
	Device
	addr   uint64
	fail   bool
	resets int
}

func (l *leaf) Realize() error {
	if l.fail {
		return errors.New("leaf failed")
	}
	return nil
}
func (l *leaf) Reset()          { l.resets++ }
func (l *leaf) Revivable() bool { return true }

func (c *controller) Realize() error {
	if c.stage == "before core" {
		return errors.New("failed before core")
	}
	c.core.fail = c.stage == "core"
	if err := c.core.Device.Realize(nil); err != nil {
		return err
	}
	InitBus(&c.core.bus, "test-bus", &c.Device, nil, "").SetHandler(&c.core.bus)
	switch c.stage {
	case "after core":
		return errors.New("failed after core")
	case "broken":
		panic("ouch")
	}
	return nil
}

func (c *controller) Unrealize() {
	c.trace = append(c.trace, "unrealize")
	if c.stage == "broken" || c.stage == "breaks going" {
		panic("ouch again")
	}
}

func (c *core) Realize() error {
	if c.fail {
		return errors.New("core failed")
	}
	return nil
}

// rig is an environment with one root bus, as a machine would make it.
type rig struct {
	*Env
	t      testing.TB
	root   *testBus
	events []string
	clock  testClock
	made   []*controller
	stage  string // for controllers made from now on
}

type testClock struct{ now int64 }

func (c *testClock) Now() int64                            { return c.now }
func (c *testClock) AfterFunc(time.Duration, func()) Timer { return nil }

type rootDevice struct {
	Device
	bus testBus
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t}
	tree := qomtest.NewTree(t, r.types())
	r.Env = &Env{
		Tree: tree, Memory: memory.NewSystem(tree), Log: slog.New(slog.DiscardHandler), Clock: &r.clock,
		Emit: func(name string, data any) {
			d := data.(Deleted)
			s := d.Path
			if d.Device != "" {
				s = d.Device
			}
			r.events = append(r.events, s)
		},
		Alias: func(s string) string {
			return map[string]string{"leafy": "test-leaf", "ghost": "no-such-type"}[s]
		},
	}
	tree.Context = r.Env
	for name, into := range map[string]**qom.Object{
		"peripheral": &r.Peripheral, "peripheral-anon": &r.PeripheralAnon, "unattached": &r.Unattached,
	} {
		o, err := tree.NewChild(tree.Root(), name, "container")
		if err != nil {
			t.Fatal(err)
		}
		*into = o
	}
	r.Memory.Unattached = r.Unattached
	InitSystemBus(r.Env)
	o, err := tree.New("test-root")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Unref()
	d := From(o)
	r.root = &o.Self().(*rootDevice).bus
	InitBus(r.root, "root-bus", d, nil, "root.0").SetHandler(r.root)
	if err := d.Realize(r.SystemBus); err != nil {
		t.Fatal(err)
	}
	r.Ready = true
	t.Cleanup(func() {
		r.settle()
		qomtest.Check(t, tree)
		tree.Close()
		r.settle()
	})
	return r
}

func (r *rig) settle() { r.Memory.Settle() }

// types are the models of the tests.
func (r *rig) types() *qom.Types {
	t := qom.NewTypes(nil)
	Register(t)
	memory.Register(t)
	for _, name := range []string{"hotplug-handler"} {
		t.Add(qom.TypeInfo{Name: name, Parent: "interface", Interface: true, Abstract: true})
	}
	t.Add(qom.TypeInfo{Name: "sys-bus-device", Parent: "device", Abstract: true,
		ClassInit: func(c *qom.Class) { SetClass(c, Class{BusType: "System", UserCreatable: true, Hotpluggable: true}) }})
	bus := func() qom.Instance { return new(testBus) }
	t.Add(qom.TypeInfo{Name: "root-bus", Parent: "bus", New: bus, Interfaces: []string{"hotplug-handler"}})
	t.Add(qom.TypeInfo{Name: "test-bus", Parent: "bus", New: bus, Interfaces: []string{"hotplug-handler"}})
	t.Add(qom.TypeInfo{Name: "other-bus", Parent: "bus", New: bus})
	t.Add(qom.TypeInfo{Name: "test-root", Parent: "sys-bus-device", New: func() qom.Instance { return new(rootDevice) }})
	t.Add(qom.TypeInfo{
		Name: "controller", Parent: "device",
		New: func() qom.Instance { return new(controller) },
		ClassInit: func(c *qom.Class) {
			SetClass(c, Class{BusType: "root-bus", UserCreatable: true, Hotpluggable: true})
		},
		Init: func(o *qom.Object) {
			c := o.Self().(*controller)
			c.stage = r.stage
			r.made = append(r.made, c)
			if _, err := o.Tree().EmbedChild(o, o, "core", &c.core, "core"); err != nil {
				panic(err)
			}
		},
	})
	t.Add(qom.TypeInfo{Name: "core", Parent: "device", New: func() qom.Instance { return new(core) },
		ClassInit: func(c *qom.Class) { SetClass(c, Class{Hotpluggable: true}) }})
	t.Add(qom.TypeInfo{
		Name: "test-leaf", Parent: "device",
		New: func() qom.Instance { return new(leaf) },
		ClassInit: func(c *qom.Class) {
			SetClass(c, Class{BusType: "test-bus", UserCreatable: true, Hotpluggable: true})
		},
		Properties: append(facts(
			catalog.Property{Name: "serial", Type: "str"},
			catalog.Property{Name: "peer", Type: "link<test-leaf>"},
			catalog.Property{Name: "u8", Type: "uint8", HasDefault: true, Default: int64(3)},
			catalog.Property{Name: "u32", Type: "uint32", HasDefault: true, Default: int64(4)},
			catalog.Property{Name: "s32", Type: "int32", HasDefault: true, Default: int64(-1)},
			catalog.Property{Name: "flag", Type: "bool", HasDefault: true, Default: true},
			catalog.Property{Name: "msi", Type: "OnOffAuto", HasDefault: true, Default: "auto"},
			catalog.Property{Name: "mac", Type: "str"},
			catalog.Property{Name: "netdev", Type: "str"},
			catalog.Property{Name: "chardev", Type: "str"},
			catalog.Property{Name: "drive", Type: "str"},
			catalog.Property{Name: "x-max-bounce-buffer-size", Type: "size", HasDefault: true, Default: int64(4096)},
			catalog.Property{Name: "logical_block_size", Type: "size", HasDefault: true, Default: int64(0)},
			catalog.Property{Name: "iothread-vq-mapping", Type: "IOThreadVirtQueueMappingList"},
			catalog.Property{Name: "ports", Type: "list", HasDefault: true, Default: []any{}},
		), &qom.Property{Name: "addr", Type: "uint32", Set: func(o *qom.Object, in qom.Input) error {
			v, err := in.Uint("addr", 32)
			o.Self().(*leaf).addr = v
			return err
		}}, &qom.Property{Name: "fail", Type: "bool", Set: func(o *qom.Object, in qom.Input) error {
			v, err := in.Bool("fail")
			o.Self().(*leaf).fail = v
			return err
		}}),
	})
	abstract := Class{BusType: "test-bus", UserCreatable: true, Hotpluggable: true}
	t.Add(qom.TypeInfo{Name: "abstract-leaf", Parent: "test-leaf", Abstract: true,
		ClassInit: func(c *qom.Class) { SetClass(c, abstract) }})
	t.Add(qom.TypeInfo{Name: "builtin-leaf", Parent: "test-leaf",
		ClassInit: func(c *qom.Class) { UpdateClass(c, func(k *Class) { k.UserCreatable = false }) }})
	t.Add(qom.TypeInfo{Name: "fixed-leaf", Parent: "test-leaf",
		ClassInit: func(c *qom.Class) { UpdateClass(c, func(k *Class) { k.Hotpluggable = false }) }})
	t.Add(qom.TypeInfo{Name: "busless", Parent: "device"})
	t.Add(qom.TypeInfo{Name: "lost-leaf", Parent: "device",
		ClassInit: func(c *qom.Class) { UpdateClass(c, func(k *Class) { k.BusType = "other-bus" }) }})
	return t
}

func facts(list ...catalog.Property) []*qom.Property {
	var out []*qom.Property
	for _, f := range list {
		f.Device = true
		out = append(out, NewProperty(f, true))
	}
	return out
}

// add is device_add with single-quoted JSON, text options when text is true.
func (r *rig) add(args string, text bool) (*Device, error) {
	r.t.Helper()
	v, err := qjson.Parse([]byte(args))
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := NewRequest(v.(*qjson.Object), text)
	if err != nil {
		return nil, err
	}
	return Add(r.Env, req)
}

// mustAdd adds a device that has to be accepted.
func (r *rig) mustAdd(args string) *Device {
	r.t.Helper()
	d, err := r.add(args, false)
	if err != nil {
		r.t.Fatalf("%s: %v", args, err)
	}
	return d
}

// del is device_del, followed by what a machine does after a command.
func (r *rig) del(id string) error {
	err := Del(r.Env, id)
	r.settle()
	return err
}

// take returns the events since the last call.
func (r *rig) take() []string {
	e := r.events
	r.events = nil
	return e
}
