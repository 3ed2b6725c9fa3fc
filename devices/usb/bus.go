package usb

import (
	"cmp"
	"slices"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// BusType is the QOM type of USB buses.
const BusType = "usb-bus"

// Bus is a USB bus: all ports that lead to one controller. It corresponds to
// USBBus in QEMU. A controller embeds it by value.
type Bus struct {
	qdev.Bus

	// Location names the controller in serial numbers that are made up:
	// "0000:00:04.0" for a PCI function. Empty for none.
	Location string
	// Waker is told of endpoints that have data; nil for controllers that poll.
	Waker Waker

	number int
	free   []*Port // in the order they will be taken
	used   []*Port // in the order they were taken
}

// InitBus makes b the USB bus of a controller. parent is its composition
// parent, dev itself when nil; an empty name becomes the controller's id and a
// number. Devices come and go at once: the bus is its own hot-plug handler.
func (b *Bus) InitBus(dev *qdev.Device, parent *qom.Object, name string) {
	qdev.InitBus(b, BusType, dev, parent, name)
	b.number = nextNumber(dev.Tree())
	b.SetHandler(b)
}

// busCounter names the value, kept in the root of the tree, that numbers the
// buses of a machine in the order they were made.
const busCounter = "usb-buses"

func nextNumber(t *qom.Tree) int {
	n, _ := t.Root().Stored(busCounter).(int)
	t.Root().Store(busCounter, n+1)
	return n
}

// BusOf returns the USB bus that d sits on, nil when it sits on none.
func BusOf(d *qdev.Device) *Bus {
	if q := d.Bus(); q != nil {
		b, _ := q.Self().(*Bus)
		return b
	}
	return nil
}

// Number returns the number of the bus in its machine, from 0 on.
func (b *Bus) Number() int { return b.number }

// FreePorts and UsedPorts list the ports: free ones in the order they will be
// taken, used ones in the order they were.
func (b *Bus) FreePorts() []*Port { return slices.Clone(b.free) }

// UsedPorts lists the ports that have a device, in the order they got it.
func (b *Bus) UsedPorts() []*Port { return slices.Clone(b.used) }

// Buses lists the USB buses of a machine in the order they were made.
func Buses(env *qdev.Env) []*Bus {
	var list []*Bus
	var visit func(*qdev.Bus)
	visit = func(q *qdev.Bus) {
		if b, ok := q.Self().(*Bus); ok {
			list = append(list, b)
		}
		for _, d := range q.Devices() {
			for _, c := range d.Buses() {
				visit(c)
			}
		}
	}
	visit(env.SystemBus)
	slices.SortFunc(list, func(a, b *Bus) int { return cmp.Compare(a.number, b.number) })
	return list
}

func registerBus(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: BusType, Parent: "bus", New: func() qom.Instance { return new(Bus) }})
}
