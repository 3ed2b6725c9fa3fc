package hmp

import (
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
)

func infoPCI(r *run) error {
	buses, err := r.list("query-pci")
	if err != nil {
		return err
	}
	for _, b := range buses {
		r.functions(b)
	}
	return nil
}

// functions prints the functions of a bus, and of the buses behind its bridges.
func (r *run) functions(bus *qjson.Object) {
	list, _ := bus.Get("devices")
	for _, d := range objects(list) {
		r.function(d)
	}
}

func (r *run) function(d *qjson.Object) {
	r.printf("  Bus %2d, device %3d, function %d:\n", number(d, "bus"), number(d, "slot"), number(d, "function"))
	class, id := member(d, "class_info"), member(d, "id")
	name := text(class, "desc")
	if name == "" {
		name = fmt.Sprintf("Class %04d", number(class, "class"))
	}
	r.printf("    %s: PCI device %04x:%04x\n", name, number(id, "vendor"), number(id, "device"))
	if id.Has("subsystem-vendor") && id.Has("subsystem") {
		r.printf("      PCI subsystem %04x:%04x\n", number(id, "subsystem-vendor"), number(id, "subsystem"))
	}
	if d.Has("irq") {
		r.printf("      IRQ %d, pin %c\n", number(d, "irq"), rune('A'+number(d, "irq_pin")-1))
	}
	bridge := member(d, "pci_bridge")
	if bridge != nil {
		r.bridge(member(bridge, "bus"))
	}
	regions, _ := d.Get("regions")
	for _, b := range objects(regions) {
		r.baseAddress(b)
	}
	r.printf("      id \"%s\"\n", text(d, "qdev_id"))
	if bridge != nil {
		r.functions(bridge)
	}
}

func (r *run) bridge(b *qjson.Object) {
	r.printf("      BUS %d.\n", number(b, "number"))
	r.printf("      secondary bus %d.\n", number(b, "secondary"))
	r.printf("      subordinate bus %d.\n", number(b, "subordinate"))
	for _, w := range []struct {
		member, label string
		digits        int
	}{{"io_range", "IO range", 4}, {"memory_range", "memory range", 8}, {"prefetchable_range", "prefetchable memory range", 8}} {
		window := member(b, w.member)
		r.printf("      %s [0x%0*x, 0x%0*x]\n", w.label,
			w.digits, uint64(number(window, "base")), w.digits, uint64(number(window, "limit")))
	}
}

func (r *run) baseAddress(b *qjson.Object) {
	r.printf("      BAR%d: ", number(b, "bar"))
	first, size := number(b, "address"), number(b, "size")
	digits := 8
	if text(b, "type") == "io" {
		r.printf("I/O")
		digits = 4
	} else {
		width, prefetch := 32, ""
		if flag(b, "mem_type_64") {
			width = 64
		}
		if flag(b, "prefetch") {
			prefetch = " prefetchable"
		}
		r.printf("%d bit%s memory", width, prefetch)
	}
	odd, end := r.h != nil && r.h.m.Env().Ways.OddBARs, ""
	if odd {
		end = "."
	}
	if first == -1 && !odd {
		r.printf(" (not mapped)\n")
		return
	}
	r.printf(" at 0x%0*x [0x%0*x]%s\n", digits, uint64(first), digits, uint64(first+size-1), end)
}
