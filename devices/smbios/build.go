package smbios

import (
	"fmt"
	"slices"
)

// Machine is what is described.
type Machine struct {
	// Manufacturer, Product and Version are the texts where nobody says others.
	Manufacturer, Product, Version string
	UUID                           [16]byte // as it is written; zero: none
	// Sockets that can be taken, with Cores and Threads in each.
	Sockets, Cores, Threads int
	CPUID                   [2]uint32 // eax and edx of leaf 1
	Memory                  uint64    // bytes
	Module                  uint64    // bytes of the largest memory module
	Areas                   []Area    // where the memory is
	Wide                    bool      // the entry point of SMBIOS 3.0
	// Place answers where a PCI device is, false where there is none of an id.
	Place func(id string) (bus, devfn byte, ok bool)
}

// Area is a range of addresses with memory.
type Area struct{ Start, Size uint64 }

// Build returns the structures, and the entry point to them.
func Build(m Machine, entries []Entry) (structures, anchor []byte, err error) {
	t := new(tables)
	given := map[int]members{}
	whole := map[int]bool{}
	for _, e := range entries {
		if e.File != nil {
			t.raw(e.File)
			whole[e.Type] = true
		} else {
			given[e.Type] = append(given[e.Type], e)
		}
	}
	b := &builder{tables: t, m: m}
	for _, s := range []struct {
		typ      int
		required bool
		build    func(members) error
	}{
		{0, false, b.firmware}, {1, true, b.system}, {2, false, b.board}, {3, true, b.chassis}, {4, true, b.processors},
		{8, false, b.connectors}, {9, false, b.slots}, {11, false, b.strings}, {16, true, b.memory}, {17, true, b.modules},
		{19, true, b.areas}, {32, true, b.boot}, {41, false, b.onboard}, {127, true, b.end},
	} {
		if whole[s.typ] || !s.required && given[s.typ] == nil {
			continue
		}
		if err := s.build(given[s.typ]); err != nil {
			return nil, nil, err
		}
	}
	return t.out, t.anchor(m.Wide), nil
}

type builder struct {
	*tables
	m Machine
}

// Characteristics of firmware.
const (
	notSupported = 1 << 3
	ext2Targeted = 1 << 2
	ext2UEFI     = 1 << 3
	ext2VM       = 1 << 4
)

func (b *builder) firmware(g members) error {
	ext := byte(ext2Targeted)
	if g.flag("uefi", false) {
		ext |= ext2UEFI
	}
	if g.flag("vm", true) {
		ext |= ext2VM
	}
	major, minor := g.release()
	b.add(begin(0, 0).text(g.text("vendor", "")).text(g.text("version", "")).word(0xe800).text(g.text("date", "")).
		bytes(0).quad(notSupported).bytes(0, ext, major, minor, 0xff, 0xff))
	return nil
}

// wired is a UUID as SMBIOS has it since 2.6: its first three parts are
// little-endian.
func wired(u [16]byte) []byte {
	slices.Reverse(u[0:4])
	slices.Reverse(u[4:6])
	slices.Reverse(u[6:8])
	return u[:]
}

func (b *builder) system(g members) error {
	b.add(begin(1, 0x100).text(g.text("manufacturer", b.m.Manufacturer)).text(g.text("product", b.m.Product)).
		text(g.text("version", b.m.Version)).text(g.text("serial", "")).bytes(wired(b.m.UUID)...).
		bytes(6). // woken by the power switch
		text(g.text("sku", "")).text(g.text("family", "")))
	return nil
}

func (b *builder) board(g members) error {
	b.add(begin(2, 0x200).text(g.text("manufacturer", b.m.Manufacturer)).text(g.text("product", b.m.Product)).
		text(g.text("version", b.m.Version)).text(g.text("serial", "")).text(g.text("asset", "")).
		bytes(1). // hosts others
		text(g.text("location", "")).word(0x300).
		bytes(10, 0)) // a motherboard
	return nil
}

func (b *builder) chassis(g members) error {
	b.add(begin(3, 0x300).text(g.text("manufacturer", b.m.Manufacturer)).
		bytes(1). // of another kind
		text(g.text("version", b.m.Version)).text(g.text("serial", "")).text(g.text("asset", "")).
		bytes(3, 3, 3, 2).long(0).bytes(0, 0, 0, 0).text(g.text("sku", "")))
	return nil
}

func (b *builder) processors(g members) error {
	id := uint64(b.m.CPUID[0]) | uint64(b.m.CPUID[1])<<32
	if v := g.number("processor-id", 0); v != 0 {
		id = v
	}
	threads := b.m.Cores * b.m.Threads
	for i := range b.m.Sockets {
		s := begin(4, 0x400+i).text(fmt.Sprintf("%s%2x", g.text("sock_pfx", "CPU"), i)).
			bytes(3, 0xfe).text(g.text("manufacturer", b.m.Manufacturer)).quad(id).text(g.text("version", b.m.Version)).
			bytes(0).word(0).word(uint16(g.number("max-speed", 2000))).word(uint16(g.number("current-speed", 2000))).
			bytes(0x41, 1). // in its socket, switched on; of no known socket
			word(0xffff).word(0xffff).word(0xffff).
			text(g.text("serial", "")).text(g.text("asset", "")).text(g.text("part", "")).
			bytes(byte(min(b.m.Cores, 255)), byte(min(b.m.Cores, 255)), byte(min(threads, 255))).
			word(2).word(uint16(g.number("processor-family", 1)))
		if b.m.Wide {
			s.word(uint16(b.m.Cores)).word(uint16(b.m.Cores)).word(uint16(threads))
		}
		b.add(s)
	}
	return nil
}

func (b *builder) connectors(g members) error {
	for i, e := range g {
		one := members{e}
		b.add(begin(8, i).text(one.text("internal_reference", "")).bytes(0).text(one.text("external_reference", "")).
			bytes(byte(one.number("connector_type", 0)), byte(one.number("port_type", 0))))
	}
	return nil
}

func (b *builder) slots(g members) error {
	for i, e := range g {
		one := members{e}
		b.add(begin(9, 0x900+i).text(one.text("slot_designation", "")).
			bytes(byte(one.number("slot_type", 0)), byte(one.number("slot_data_bus_width", 0)), byte(one.number("current_usage", 0)),
				byte(one.number("slot_length", 0))).word(uint16(one.number("slot_id", 0))).
			bytes(byte(one.number("slot_characteristics1", 0)), byte(one.number("slot_characteristics2", 0))).
			word(0xff).bytes(0xff, 0xff)) // on no bus, whatever "pci_device" says: QEMU does not look at it

	}
	return nil
}

func (b *builder) strings(g members) error {
	s := begin(11, 0xe00).bytes(0)
	for _, e := range g {
		for _, p := range e.Pairs {
			if p.Name == "value" || p.Name == "path" {
				s.texts = append(s.texts, p.Value)
			}
		}
	}
	s.data[4] = byte(len(s.texts))
	b.add(s)
	return nil
}

// What fits into the members of memory that were there first, in their units.
const (
	mostArray  = 0x80000000 // KiB
	mostModule = 0x7fff     // MiB
)

func (b *builder) memory(members) error {
	s := begin(16, 0x1000).bytes(1, 3, 6) // main memory, elsewhere, that corrects errors of several bits
	kb, wide := (b.m.Memory+1023)>>10, uint64(0)
	if kb >= mostArray {
		kb, wide = mostArray, b.m.Memory
	}
	b.add(s.long(uint32(kb)).word(0xfffe).word(uint16(b.moduleCount())).quad(wide))
	return nil
}

func (b *builder) moduleCount() int { return int((b.m.Memory + b.m.Module - 1) / b.m.Module) }

func (b *builder) modules(g members) error {
	n := b.moduleCount()
	for i := range n {
		size := b.m.Module
		if i == n-1 {
			size = (b.m.Memory-1)%b.m.Module + 1
		}
		mb, wide := (size+1<<20-1)>>20, uint32(0)
		if mb >= mostModule {
			mb, wide = mostModule, uint32(mb)
		}
		speed := uint16(g.number("speed", 0))
		b.add(begin(17, 0x1100+i).word(0x1000).word(0xfffe).word(0xffff).word(0xffff).word(uint16(mb)).
			bytes(9, 0).text(fmt.Sprintf("%s %d", g.text("loc_pfx", "DIMM"), i)).text(g.text("bank", "")).
			bytes(7).word(2).word(speed).text(g.text("manufacturer", b.m.Manufacturer)).text(g.text("serial", "")).
			text(g.text("asset", "")).text(g.text("part", "")).bytes(0).long(wide).word(speed).word(0).word(0).word(0))
	}
	return nil
}

func (b *builder) areas(members) error {
	for i, a := range b.m.Areas {
		s := begin(19, 0x1300+i)
		first, last := a.Start>>10, (a.Start+a.Size-1)>>10
		if last < 0xffffffff {
			s.long(uint32(first)).long(uint32(last)).word(0x1000).bytes(1).quad(0).quad(0)
		} else {
			s.long(0xffffffff).long(0xffffffff).word(0x1000).bytes(1).quad(a.Start).quad(a.Start + a.Size - 1)
		}
		b.add(s)
	}
	return nil
}

func (b *builder) boot(members) error {
	b.add(begin(32, 0x2000).bytes(make([]byte, 7)...))
	return nil
}

// Kinds are the kinds of devices on the board, as -smbios type=41 names them, in
// the order of their numbers.
var Kinds = []string{"other", "unknown", "video", "scsi", "ethernet", "tokenring", "sound", "pata", "sata", "sas"}

func (b *builder) onboard(g members) error {
	for i, e := range g {
		one := members{e}
		s := begin(41, 0x2900+i).text(one.text("designation", "")).
			bytes(0x80|byte(slices.Index(Kinds, one.text("kind", Kinds[0]))+1), byte(one.number("instance", 0))).word(0)
		var bus, devfn byte
		if id := one.text("pcidev", ""); id != "" {
			var ok bool
			if bus, devfn, ok = b.m.Place(id); !ok {
				return fmt.Errorf("No PCI device %s for SMBIOS type 41 entry %s", id, one.text("designation", ""))
			}
		}
		b.add(s.bytes(bus, devfn))
	}
	return nil
}

func (b *builder) end(members) error {
	b.add(begin(127, 0x7f00))
	return nil
}
