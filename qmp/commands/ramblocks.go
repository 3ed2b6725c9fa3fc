package commands

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qom"
)

// ramBlocks registers the commands about pieces of memory as QEMU keeps them.
func (c *Commands) ramBlocks() {
	qmp.Register(c.set, "x-query-ramblock", qmp.Unstable, c.queryRAMBlocks)
	qmp.Register(c.set, "x-query-roms", qmp.Unstable, c.queryROMs)
}

// ramBlock is a piece of guest memory: RAM or ROM of one region.
type ramBlock struct {
	name       string
	used, most uint64 // bytes, in pages
	readOnly   bool
	offset     uint64 // where QEMU puts it in its own space of addresses
	late       bool   // made when the board was complete
	generation uint64
}

// blockAlign is what offsets are multiples of, and guestPage the unit of sizes.
const (
	blockAlign = 256 << 10
	guestPage  = 4096
)

func alignUp(n, unit uint64) uint64 { return (n + unit - 1) / unit * unit }

// queryRAMBlocks prints a table. No memory of the host backs a block, so that
// there is no address of it.
func (c *Commands) queryRAMBlocks(*qmp.Call, none) (humanText, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%24s %8s  %18s %18s %18s %18s %3s\n", "Block Name", "PSize", "Offset", "Used", "Total", "HVA", "RO")
	for _, r := range c.blocksOfMemory() {
		access := "rw"
		if r.readOnly {
			access = "ro"
		}
		fmt.Fprintf(&b, "%24s    4 KiB  0x%016x 0x%016x 0x%016x 0x%016x %3s\n", r.name, r.offset, r.used, r.most, 0, access)
	}
	return humanText{b.String()}, nil
}

// blocksOfMemory lists the blocks, the largest first, with their offsets: each
// was put behind those before it.
func (c *Commands) blocksOfMemory() []ramBlock {
	room := map[string]uint64{}
	for _, r := range c.m.ROMs() {
		if r.At == 0 {
			room[r.Region] = r.Size
		}
	}
	var list []ramBlock
	c.m.Tree().Root().Walk(func(o *qom.Object) bool {
		r, ok := o.Self().(*memory.Region)
		if !ok || r.Kind() != memory.KindRAM && r.Kind() != memory.KindROM {
			return true
		}
		size := alignUp(r.Size(), guestPage)
		b := ramBlock{name: blockName(r), used: size, readOnly: r.ReadOnly(), generation: o.Storage().Generation()}
		b.most, b.late = max(size, room[b.name]), room[b.name] > 0
		if roots := c.m.PCIRoots(); r.Owner() == nil && len(roots) > 0 { // the firmware of the board comes with its bus
			b.generation = roots[len(roots)-1].Storage().Generation()
		}
		list = append(list, b)
		return true
	})
	slices.SortStableFunc(list, func(a, b ramBlock) int {
		if a.late != b.late {
			return map[bool]int{true: 1, false: -1}[a.late]
		}
		return cmp.Compare(a.generation, b.generation)
	})
	at := uint64(0)
	for i := range list {
		list[i].offset = at
		at = alignUp(at+list[i].most, blockAlign)
	}
	slices.SortStableFunc(list, func(a, b ramBlock) int { return cmp.Compare(b.most, a.most) })
	return list
}

// blockName is the name of the region, or of the backend it is of; where a PCI
// function owns it, after the function's address.
func blockName(r *memory.Region) string {
	name := r.Label()
	o := r.Owner()
	if o == nil {
		return name
	}
	if b, ok := o.Self().(*object.MemoryBackend); ok {
		return b.Name()
	}
	if d := pci.From(o); d != nil {
		return d.DevPath() + "/" + name
	}
	return name
}

// queryROMs lists the firmware.
func (c *Commands) queryROMs(*qmp.Call, none) (humanText, error) {
	var b strings.Builder
	for _, r := range c.m.ROMs() {
		switch {
		case r.Folder != "":
			fmt.Fprintf(&b, "fw=%s/%s size=0x%06x name=\"%s\"\n", r.Folder, r.Name, r.Size, r.Name)
		case r.At != 0:
			fmt.Fprintf(&b, "addr=%016x size=0x%06x mem=rom name=\"%s\"\n", r.At, r.Size, r.Name)
		default:
			fmt.Fprintf(&b, "%s size=0x%06x name=\"%s\"\n", r.Region, r.Size, r.Name)
		}
	}
	return humanText{b.String()}, nil
}
