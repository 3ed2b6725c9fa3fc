package rss

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf/btf"
)

const (
	programSection = "socket" // the kind of program, as libbpf reads it
	mapsSection    = ".maps"
	mapDefSize     = 32 // four pointers, of which only the types matter
	machineBPF     = elf.EM_BPF
	relocateMap    = 1 // R_BPF_64_64: the address of a map
	license        = "Apache-2.0\x00"
)

// object collects an ELF file of 64 bits, little-endian.
type object struct {
	content  bytes.Buffer // behind the file's header
	sections []elf.Section64
	names    table
	symbols  table
}

// table is a table of names.
type table struct{ bytes.Buffer }

func (t *table) at(name string) uint32 {
	if t.Len() == 0 {
		t.WriteByte(0)
	}
	n := t.Len()
	t.WriteString(name + "\x00")
	return uint32(n)
}

// section adds a section and returns its number; link and info are numbers as
// the kind wants them.
func (o *object) section(name string, s elf.Section64, content []byte) uint32 {
	return o.named(o.names.at(name), s, content)
}

// named is section for a name that is in the table already.
func (o *object) named(name uint32, s elf.Section64, content []byte) uint32 {
	for o.content.Len()%8 != 0 {
		o.content.WriteByte(0)
	}
	s.Name, s.Off, s.Size, s.Addralign = name, uint64(headerSize+o.content.Len()), uint64(len(content)), 8
	o.content.Write(content)
	o.sections = append(o.sections, s)
	return uint32(len(o.sections) - 1)
}

var headerSize = binary.Size(elf.Header64{})

// Object returns the program as an ELF object.
func Object() ([]byte, error) {
	code, loads := program()
	var text, relocations bytes.Buffer
	for i := code.Iterate(); i.Next(); {
		if m, ok := loads[i.Index]; ok {
			write(&relocations, elf.Rel64{Off: uint64(i.Offset) * 8, Info: elf.R_INFO(firstMapSymbol+uint32(m), relocateMap)})
		}
	}
	if err := code.Marshal(&text, binary.LittleEndian); err != nil {
		return nil, fmt.Errorf("assembling the program: %w", err)
	}
	types, err := mapTypes()
	if err != nil {
		return nil, fmt.Errorf("describing the maps: %w", err)
	}
	o := &object{sections: make([]elf.Section64, 1)}
	progbits := func(flags elf.SectionFlag) elf.Section64 {
		return elf.Section64{Type: uint32(elf.SHT_PROGBITS), Flags: uint64(flags)}
	}
	prog := o.section(programSection, progbits(elf.SHF_ALLOC|elf.SHF_EXECINSTR), text.Bytes())
	defs := o.section(mapsSection, progbits(elf.SHF_ALLOC|elf.SHF_WRITE), make([]byte, mapDefSize*len(maps)))
	o.section("license", progbits(elf.SHF_ALLOC|elf.SHF_WRITE), []byte(license))
	o.section(".BTF", progbits(0), types)
	symbols := o.symbolTable(prog, defs, text.Len())
	o.section(".rel"+programSection, elf.Section64{Type: uint32(elf.SHT_REL), Link: symbols, Info: prog, Entsize: 16}, relocations.Bytes())
	return o.file(), nil
}

// firstMapSymbol is the number of the first map's symbol: before it are the empty
// one and the program.
const firstMapSymbol = 2

// symbolTable names the program and its maps.
func (o *object) symbolTable(prog, defs uint32, size int) uint32 {
	var list bytes.Buffer
	symbol := func(name string, typ elf.SymType, section uint32, at, size int) {
		write(&list, elf.Sym64{Name: o.symbols.at(name), Info: elf.ST_INFO(elf.STB_GLOBAL, typ), Shndx: uint16(section),
			Value: uint64(at), Size: uint64(size)})
	}
	write(&list, elf.Sym64{})
	symbol(ProgramName, elf.STT_FUNC, prog, 0, size)
	for i, m := range maps {
		symbol(m.name, elf.STT_OBJECT, defs, mapDefSize*i, mapDefSize)
	}
	names := o.section(".strtab", elf.Section64{Type: uint32(elf.SHT_STRTAB)}, o.symbols.Bytes())
	return o.section(".symtab", elf.Section64{Type: uint32(elf.SHT_SYMTAB), Link: names, Info: 1, Entsize: 24}, list.Bytes())
}

// file is the whole: header, content, and the table of sections.
func (o *object) file() []byte {
	name := o.names.at(".shstrtab")
	last := o.named(name, elf.Section64{Type: uint32(elf.SHT_STRTAB)}, o.names.Bytes())
	for o.content.Len()%8 != 0 {
		o.content.WriteByte(0)
	}
	h := elf.Header64{
		Type: uint16(elf.ET_REL), Machine: uint16(machineBPF), Version: uint32(elf.EV_CURRENT), Ehsize: uint16(headerSize),
		Shoff: uint64(headerSize + o.content.Len()), Shentsize: uint16(binary.Size(elf.Section64{})),
		Shnum: uint16(len(o.sections)), Shstrndx: uint16(last),
	}
	copy(h.Ident[:], []byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)})
	var out bytes.Buffer
	write(&out, h)
	out.Write(o.content.Bytes())
	write(&out, o.sections)
	return out.Bytes()
}

// write appends a structure; a buffer takes everything.
func write(to *bytes.Buffer, v any) { _ = binary.Write(to, binary.LittleEndian, v) }

// mapTypes describes the maps as libbpf wants it: a variable each, whose
// structure has a pointer to an array for each setting, as long as the value.
func mapTypes() ([]byte, error) {
	number := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	setting := func(at int, name string, value uint32) btf.Member {
		return btf.Member{Name: name, Offset: btf.Bits(64 * at), Type: &btf.Pointer{Target: &btf.Array{Index: number, Type: number, Nelems: value}}}
	}
	const array = 2 // BPF_MAP_TYPE_ARRAY
	section := &btf.Datasec{Name: mapsSection, Size: uint32(mapDefSize * len(maps))}
	for i, m := range maps {
		def := &btf.Struct{Size: mapDefSize, Members: []btf.Member{
			setting(0, "type", array), setting(1, "key_size", 4), setting(2, "value_size", m.valueSize), setting(3, "max_entries", m.count),
		}}
		section.Vars = append(section.Vars, btf.VarSecinfo{
			Type: &btf.Var{Name: m.name, Type: def, Linkage: btf.GlobalVar}, Offset: uint32(mapDefSize * i), Size: mapDefSize,
		})
	}
	b, err := btf.NewBuilder([]btf.Type{section}, nil)
	if err != nil {
		return nil, err
	}
	return b.Marshal(nil, &btf.MarshalOptions{Order: binary.LittleEndian})
}
