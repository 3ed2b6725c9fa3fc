package pci

import (
	"fmt"
	"strings"
)

// Print writes the text of HMP's "info pci" from the answer to query-pci. Lines
// end in a line feed.
func Print(list []Info) string {
	if len(list) == 0 {
		return "No PCI buses"
	}
	var w strings.Builder
	for _, bus := range list {
		for _, d := range bus.Devices {
			d.print(&w)
		}
	}
	return w.String()
}

func (d DeviceInfo) print(w *strings.Builder) {
	fmt.Fprintf(w, "  Bus %2d, device %3d, function %d:\n", d.Bus, d.Slot, d.Function)
	if d.Class.Desc != "" {
		fmt.Fprintf(w, "    %s", d.Class.Desc)
	} else {
		fmt.Fprintf(w, "    Class %04d", d.Class.Class)
	}
	fmt.Fprintf(w, ": PCI device %04x:%04x\n", d.ID.Vendor, d.ID.Device)
	if d.ID.Subsystem != nil && d.ID.SubsystemVendor != nil {
		fmt.Fprintf(w, "      PCI subsystem %04x:%04x\n", *d.ID.SubsystemVendor, *d.ID.Subsystem)
	}
	if d.IRQ != nil {
		fmt.Fprintf(w, "      IRQ %d, pin %c\n", *d.IRQ, 'A'+rune(d.IRQPin)-1)
	}
	if br := d.BridgeInfo; br != nil {
		fmt.Fprintf(w, "      BUS %d.\n", br.Bus.Number)
		fmt.Fprintf(w, "      secondary bus %d.\n", br.Bus.Secondary)
		fmt.Fprintf(w, "      subordinate bus %d.\n", br.Bus.Subordinate)
		fmt.Fprintf(w, "      IO range [0x%04x, 0x%04x]\n", br.Bus.IO.Base, br.Bus.IO.Limit)
		fmt.Fprintf(w, "      memory range [0x%08x, 0x%08x]\n", br.Bus.Memory.Base, br.Bus.Memory.Limit)
		fmt.Fprintf(w, "      prefetchable memory range [0x%08x, 0x%08x]\n", br.Bus.Prefetchable.Base, br.Bus.Prefetchable.Limit)
	}
	for _, r := range d.Regions {
		r.print(w)
	}
	fmt.Fprintf(w, "      id \"%s\"\n", d.QdevID)
	if d.BridgeInfo != nil && d.BridgeInfo.Devices != nil {
		for _, c := range *d.BridgeInfo.Devices {
			c.print(w)
		}
	}
}

func (r BARInfo) print(w *strings.Builder) {
	fmt.Fprintf(w, "      BAR%d: ", r.BAR)
	what := "I/O"
	if r.Type != "io" {
		width, prefetch := 32, ""
		if r.Mem64 != nil && *r.Mem64 {
			width = 64
		}
		if r.Prefetch != nil && *r.Prefetch {
			prefetch = " prefetchable"
		}
		what = fmt.Sprintf("%d bit%s memory", width, prefetch)
	}
	switch {
	case r.Address == -1:
		fmt.Fprintf(w, "%s (not mapped)\n", what)
	case r.Type == "io":
		fmt.Fprintf(w, "%s at 0x%04x [0x%04x]\n", what, r.Address, r.Address+r.Size-1)
	default:
		fmt.Fprintf(w, "%s at 0x%08x [0x%08x]\n", what, r.Address, r.Address+r.Size-1)
	}
}
