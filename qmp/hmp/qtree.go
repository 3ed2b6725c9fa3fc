package hmp

import (
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/usb"
)

// qtree prints "info qtree": buses and the devices on them, the newest first.
type qtree struct {
	r     *run
	brief bool
	facts *catalog.Catalog
}

func (q *qtree) printf(indent int, format string, args ...any) {
	q.r.printf("%s", strings.Repeat(" ", indent))
	q.r.printf(format, args...)
}

func (q *qtree) bus(b *qdev.Bus, indent int) {
	q.printf(indent, "bus: %s\n", b.BusName())
	indent += 2
	q.printf(indent, "type %s\n", b.TypeName())
	for _, d := range b.Devices() {
		q.device(d, indent)
	}
}

func (q *qtree) device(d *qdev.Device, indent int) {
	q.printf(indent, "dev: %s, id \"%s\"\n", d.TypeName(), d.ID())
	indent += 2
	if !q.brief {
		q.lines(d, indent)
		q.properties(d, indent)
		q.placed(d, indent)
	}
	buses := d.Buses()
	for i := len(buses) - 1; i >= 0; i-- {
		q.bus(buses[i], indent)
	}
}

// lines prints how many interrupt lines the device has, by name: the name that
// was added last comes first, inputs before outputs.
func (q *qtree) lines(d *qdev.Device, indent int) {
	type pins struct {
		name    string
		in, out int
	}
	var list []pins
	count := func(name string, in bool) {
		i := slices.IndexFunc(list, func(p pins) bool { return p.name == name })
		if i < 0 {
			i, list = len(list), append(list, pins{name: name})
		}
		if in {
			list[i].in++
		} else {
			list[i].out++
		}
	}
	// Outputs are links and inputs are children, which a tree lists after
	// them.
	for p := range d.Properties() {
		stem, _, numbered := strings.Cut(p.Name, "[")
		if !numbered {
			continue
		}
		switch p.Type {
		case "link<irq>":
			count(strings.TrimPrefix(stem, "unnamed-gpio-out"), false)
		case "child<irq>":
			count(strings.TrimPrefix(stem, "unnamed-gpio-in"), true)
		}
	}
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b pins) int { return min(b.in, 1) - min(a.in, 1) })
	for _, p := range list {
		if p.in > 0 {
			q.printf(indent, "gpio-in \"%s\" %d\n", p.name, p.in)
		}
		if p.out > 0 {
			q.printf(indent, "gpio-out \"%s\" %d\n", p.name, p.out)
		}
	}
}

// properties prints those QEMU prints for the type, in its order.
func (q *qtree) properties(d *qdev.Device, indent int) {
	facts, _ := q.facts.Device(d.TypeName())
	for _, name := range facts.QtreeOrder {
		p := d.Property(name)
		if p == nil {
			continue
		}
		v, err := d.Get(name)
		if err != nil {
			continue
		}
		q.printf(indent, "%s = %s\n", name, propertyText(d, p, v))
	}
}

// placed prints where the device is, as its bus has it.
func (q *qtree) placed(d *qdev.Device, indent int) {
	if f := pci.FromDevice(d); f != nil && f.PCIBus() != nil {
		q.function(f, indent)
	}
	if u := usb.DeviceOf(&d.Object); u != nil && u.Port() != nil {
		attached := ""
		if u.Attached() {
			attached = ", attached"
		}
		q.printf(indent, "addr %d.%d, port %s, speed %s, name %s%s\n", u.USBBus().Number(), u.Address(),
			u.Port().Path(), u.Speed().Rate(), u.Product(), attached)
	}
	if d.Is("sys-bus-device") {
		q.mapped(d, indent)
	}
}

func (q *qtree) function(f *pci.Device, indent int) {
	q.printf(indent, "class %s, addr %02x:%02x.%x, pci id %04x:%04x (sub %04x:%04x)\n",
		className(f.ConfigWord(0x0a)), f.PCIBus().Number(), f.Slot(), f.Func(),
		f.ConfigWord(0x00), f.ConfigWord(0x02), f.ConfigWord(0x2c), f.ConfigWord(0x2e))
	for _, b := range f.BARs() {
		kind := "mem"
		if b.Kind&pci.BARIO != 0 {
			kind = "i/o"
		}
		q.printf(indent, "bar %d: %s at 0x%x [0x%x]\n", b.Number, kind, b.Address, b.Address+b.Size-1)
	}
}

// mapped prints the device's own regions that lie in memory, without their parts.
// One that the machine put into a region of its own has no address there.
func (q *qtree) mapped(d *qdev.Device, indent int) {
	root := q.r.h.m.MemorySpace().Root()
	for _, c := range d.Children() {
		region, ok := c.Self().(*memory.Region)
		if !ok {
			continue
		}
		addr, ok := addressIn(root, region)
		if !ok || region.Container().Owner() == &d.Object {
			continue
		}
		if region.Container() != root {
			addr = ^uint64(0)
		}
		q.printf(indent, "mmio %016x/%016x\n", addr, region.Size())
	}
}

// addressIn returns where a region lies in the tree below root.
func addressIn(root, r *memory.Region) (addr uint64, ok bool) {
	for ; r != nil; r = r.Container() {
		if r == root {
			return addr, true
		}
		addr += r.Address()
	}
	return 0, false
}
