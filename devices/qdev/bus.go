package qdev

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/qomd/qomd/qom"
)

// Bus is the base of every bus; it corresponds to BusState in QEMU.
type Bus struct {
	qom.Object
	name     string
	dev      *Device // the device that offers the bus, nil for the system bus
	children []*Device
	next     int // number of the next child[N]
	handler  HotplugHandler
	first    HotplugHandler // the first one there was, nil for none
	hold     qom.Hold       // on the handler's object
	realized bool

	// MaxDevices limits the number of children; 0 means no limit.
	MaxDevices int
}

// A BusModel adds rules to a bus; all methods are optional, see the interfaces
// that follow.
type BusModel interface{ QBus() *Bus }

// An AddressChecker may refuse a device before it joins the bus.
type AddressChecker interface {
	CheckAddress(d *Device) error
}

// A FullReporter knows of another limit than MaxDevices.
type FullReporter interface{ Full() bool }

// QBus returns b; every model that embeds a Bus has it.
func (b *Bus) QBus() *Bus { return b }

// BusFrom returns the bus that o is, nil when it is none.
func BusFrom(o *qom.Object) *Bus {
	if o == nil {
		return nil
	}
	if m, ok := o.Self().(BusModel); ok {
		return m.QBus()
	}
	return nil
}

func registerBus(t *qom.Types) {
	t.Add(qom.TypeInfo{
		Name: "bus", Parent: "object", Abstract: true,
		New:      func() qom.Instance { return new(Bus) },
		Unparent: func(o *qom.Object) { BusFrom(o).unparent() },
		Finalize: func(o *qom.Object) { BusFrom(o).finalize() },
		Properties: []*qom.Property{
			{Name: "realized", Type: "bool", PerObject: true,
				Get: func(o *qom.Object) (any, error) { return BusFrom(o).realized, nil },
				Set: func(o *qom.Object, in qom.Input) error {
					v, err := in.Bool("realized")
					if err != nil {
						return err
					}
					b := BusFrom(o)
					if !v {
						b.unrealize()
						return nil
					}
					return b.realize()
				}},
			{Name: "hotplug-handler", Type: "link<hotplug-handler>", PerObject: true,
				Get: func(o *qom.Object) (any, error) {
					if t := BusFrom(o).hold.Object(); t != nil {
						return t.Path(), nil
					}
					return "", nil
				},
				Target: func(o *qom.Object) *qom.Object { return BusFrom(o).hold.Object() },
				Set:    setHandlerLink},
		},
	})
	t.Add(qom.TypeInfo{Name: "System", Parent: "bus"})
}

// InitBus makes m, usually a field of a device's struct, a bus of type typ
// that dev offers. parent is its composition parent, dev itself when nil. An
// empty name becomes the device's id, or else the type in lower case, followed
// by a number.
func InitBus(m BusModel, typ string, dev *Device, parent *qom.Object, name string) *Bus {
	b := m.QBus()
	env := dev.Env()
	if parent == nil {
		parent = &dev.Object
	}
	if name == "" {
		name = env.busName(dev, typ)
	}
	dev.Tree().InitForeign(parent, m.(qom.Instance), typ)
	b.name, b.dev = name, dev
	dev.buses = append(dev.buses, b)
	if err := parent.AddChild(name, &b.Object); err != nil {
		panic(err) // two buses of one device with the same name: a model's mistake
	}
	b.Unref()
	return b
}

// InitSystemBus makes the main system bus, which no device offers.
func InitSystemBus(env *Env) *Bus {
	o := env.Tree.NewClass(env.Tree.Types.Class("System"))
	b := BusFrom(o)
	b.name = "main-system-bus"
	if err := env.Unattached.AddChild("sysbus", o); err != nil {
		panic(err)
	}
	o.Unref()
	env.SystemBus = b
	return b
}

// busName is the automatic name of a new bus.
func (env *Env) busName(dev *Device, typ string) string {
	if dev.id != "" {
		return fmt.Sprintf("%s.%d", dev.id, len(dev.buses))
	}
	if env.busIDs == nil {
		env.busIDs = map[string]int{}
	}
	n := env.busIDs[typ]
	env.busIDs[typ] = n + 1
	return fmt.Sprintf("%s.%d", strings.ToLower(typ), n)
}

// BusName returns the name of the bus, as "bus=" of device_add takes it.
func (b *Bus) BusName() string { return b.name }

// Device returns the device that offers the bus, nil for the system bus.
func (b *Bus) Device() *Device { return b.dev }

// Devices returns the devices on the bus, most recently added first. The slice
// is the caller's.
func (b *Bus) Devices() []*Device { return slices.Clone(b.children) }

// Full reports whether the bus takes no further device.
func (b *Bus) full() bool {
	if m, ok := b.Self().(FullReporter); ok {
		return m.Full()
	}
	return b.MaxDevices > 0 && len(b.children) >= b.MaxDevices
}

// Hotpluggable reports whether devices may come and go while the machine runs.
func (b *Bus) Hotpluggable() bool {
	if h, ok := b.handler.(BusChooser); ok {
		return h.HandlesBus(b)
	}
	return b.handler != nil
}

// Handler returns the hot-plug handler, nil for none.
func (b *Bus) Handler() HotplugHandler { return b.handler }

// SetHandler makes h decide about devices that come and go on the bus; nil for
// none. The bus holds the handler's object, unless that is the bus itself.
func (b *Bus) SetHandler(h HotplugHandler) {
	if b.hold.Held() {
		b.hold.Release()
	}
	b.handler = h
	if h != nil {
		if b.first == nil {
			b.first = h
		}
		h.QOM().HoldInto(&b.hold, qom.HoldLink, b.name+".hotplug-handler", 1)
	}
}

// setParentBus puts the device on the bus.
func (d *Device) setParentBus(b *Bus) error {
	if m, ok := b.Self().(AddressChecker); ok {
		if err := m.CheckAddress(d); err != nil {
			return err
		}
	}
	d.leaveBus()
	d.bus = b
	b.HoldInto(&d.parentBus, qom.HoldParentBus, d.Label(), 1)
	d.busChild = d.Hold(qom.HoldBusChild, b.name)
	d.busIndex = b.next
	b.next++
	b.children = slices.Insert(b.children, 0, d)
	return nil
}

// LiveProperties are the links child[N] to the devices on the bus, oldest
// first; see [qom.Lister].
func (b *Bus) LiveProperties() iter.Seq[*qom.Property] {
	return func(yield func(*qom.Property) bool) {
		for _, d := range slices.Backward(b.children) {
			name := fmt.Sprintf("child[%d]", d.busIndex)
			if !yield(qom.WeakLink(name, d.TypeName(), func() *qom.Object { return &d.Object })) {
				return
			}
		}
	}
}

// leaveBus takes the device off its bus: at once as far as anybody can see;
// the bus lets go of it after a grace period, as QEMU does.
func (d *Device) leaveBus() {
	b := d.bus
	if b == nil {
		return
	}
	d.bus = nil
	b.children = slices.DeleteFunc(b.children, func(c *Device) bool { return c == d })
	d.Env().Memory.Reclaimer.Retire("bus-child "+d.Label(), d.busChild.Release)
	d.parentBus.Release()
}

func (b *Bus) realize() error {
	b.realized = true
	return nil
}

func (b *Bus) unrealize() {
	if !b.realized {
		return
	}
	b.realized = false
	for _, d := range b.Devices() {
		d.Unrealize()
	}
}

// unparent runs when the bus leaves the tree with its device.
func (b *Bus) unparent() {
	b.unrealize()
	for len(b.children) > 0 {
		b.children[0].Unparent()
	}
	if b.dev != nil {
		b.dev.buses = slices.DeleteFunc(b.dev.buses, func(c *Bus) bool { return c == b })
		b.dev = nil
	}
	b.SetHandler(nil)
}

func (b *Bus) finalize() {
	if b.hold.Held() {
		b.hold.Release()
	}
}
