package chipset

import (
	"slices"
	"sync"
)

// The boards of QEMU up to 7.2.
var (
	looseQ35 = sync.OnceValue(func() []part { return loose(q35Parts()) })
	loosePC  = sync.OnceValue(func() []part { return loose(pcParts()) })
)

// loose returns a board as it was up to QEMU 7.2: what is a child of a bridge now
// stood beside it, and was made at another time.
func loose(parts []part) []part {
	parts = slices.Clone(parts)
	for i := range parts {
		p := &parts[i]
		if p.typ == "" && p.in == "machine" {
			p.in = ""
		}
		if p.typ == "i8257" {
			p.in, p.name = "", ""
		}
	}
	dropUpdate(parts)
	parts = moveAfter(parts, func(p part) bool { return p.as == "hpet" }, func(p part) bool { return p.as == "rtc" })
	isDrives := func(p part) bool { return p.slot == SlotDrives }
	isNetwork := func(p part) bool { return p.slot == SlotNetwork }
	if bridge := slices.IndexFunc(parts, func(p part) bool { return p.as == "piix3" }); bridge >= 0 {
		p := &parts[bridge]
		p.wires = nil
		p.regions = slices.Clone(p.regions)
		p.regions[0].name = "piix3-reset-control"
		movePAM(parts)
		fw := parts[slices.IndexFunc(parts, func(p part) bool { return p.typ == fwCfg.typ })]
		parts = slices.DeleteFunc(parts, func(p part) bool { return p.typ == fw.typ })
		parts = slices.Insert(parts, slices.IndexFunc(parts, func(p part) bool { return p.as == "host" }), fw)
		parts = moveAfter(parts, isNetwork, func(p part) bool { return p.as == "pm" })
		parts = moveAfter(parts, isNetwork, func(p part) bool { return p.slot == SlotUSB })
		parts = moveAfter(parts, isNetwork, isDrives)
		parts = moveAfter(parts, isNetwork, func(p part) bool { return p.as == "ide" })
	}
	return parts
}

// moveAfter takes the part that which tells out of its device and puts it behind
// the one that place tells.
func moveAfter(parts []part, place, which func(part) bool) []part {
	from := slices.IndexFunc(parts, which)
	p := parts[from]
	p.in, p.name = "", ""
	parts = slices.Delete(parts, from, from+1)
	return slices.Insert(parts, slices.IndexFunc(parts, place)+1, p)
}

// dropUpdate takes the line away by which the disk controller hears of changes.
func dropUpdate(parts []part) {
	for i := range parts {
		parts[i].gpios = slices.DeleteFunc(slices.Clone(parts[i].gpios), func(g gpio) bool { return &g.names[0] == &updateIRQ[0] })
	}
}

// movePAM makes the areas below 1 MiB the host's, whose bridge decides about them.
func movePAM(parts []part) {
	host := slices.IndexFunc(parts, func(p part) bool { return p.as == "host" })
	bridge := slices.IndexFunc(parts, func(p part) bool { return p.as == "i440fx" })
	first := slices.IndexFunc(parts[bridge].regions, func(r region) bool { return r.name == pamFirst })
	parts[host].regions = slices.Concat(parts[host].regions, parts[bridge].regions[first:])
	parts[bridge].regions = slices.Clip(parts[bridge].regions[:first])
}

// pinName is the name of an input of the board. On the PC of QEMU up to 7.2 that
// of the processor was the first, before those of ISA. Those that are not there
// leave no gap.
func (b *Board) pinName(name string) string {
	const processor = 16
	i := slices.Index(boardPins, name)
	switch {
	case !b.env.Ways.LooseBoard || b.device("piix3") == nil || i > processor:
	case i == processor:
		i = 0
	default:
		i++
	}
	n := i
	for _, gone := range b.gone {
		if gone < i {
			n--
		}
	}
	return boardPins[n]
}
