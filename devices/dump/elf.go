package dump

import (
	"debug/elf"
	"encoding/binary"
	"io"
)

// Block is a piece of guest memory.
type Block struct{ Addr, Size uint64 }

// Total is how many bytes there are in blocks.
func Total(blocks []Block) uint64 {
	n := uint64(0)
	for _, b := range blocks {
		n += b.Size
	}
	return n
}

// Clip returns what of the blocks lies in the length bytes from begin on.
func Clip(blocks []Block, begin, length uint64) []Block {
	var list []Block
	for _, b := range blocks {
		first, end := max(b.Addr, begin), min(b.Addr+b.Size, begin+length)
		if first < end {
			list = append(list, Block{first, end - first})
		}
	}
	return list
}

// Sizes of the parts of an ELF file of 64 bits.
const (
	headerSize  = 64
	sectionSize = 64
	programSize = 56
)

// names is the section of section names, with that of itself.
const names = "\x00.shstrtab\x00"

// WriteELF writes a core file to w. read gets at guest memory; it may take the
// machine's lock. wrote is told how many bytes of memory were written so far.
func WriteELF(w io.Writer, blocks []Block, cpus []CPU, read func(addr uint64, p []byte) error, wrote func(n uint64)) error {
	notes := allNotes(cpus)
	at := uint64(headerSize + 2*sectionSize + programSize*(1+len(blocks)))
	memory := at + uint64(len(notes))
	head, end := []byte{}, memory+Total(blocks)
	put := func(v any) { head, _ = binary.Append(head, binary.LittleEndian, v) }
	put(elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_CORE), Machine: uint16(elf.EM_386), Version: uint32(elf.EV_CURRENT),
		Phoff: headerSize + 2*sectionSize, Shoff: headerSize,
		Ehsize:    8, // as QEMU has it; readers do not look
		Phentsize: programSize, Phnum: uint16(1 + len(blocks)), Shentsize: sectionSize, Shnum: 2, Shstrndx: 1,
	})
	put(elf.Section64{})
	put(elf.Section64{Name: 1, Type: uint32(elf.SHT_STRTAB), Off: end, Size: uint64(len(names))})
	put(elf.Prog64{Type: uint32(elf.PT_NOTE), Off: at, Filesz: uint64(len(notes)), Memsz: uint64(len(notes))})
	offset := memory
	for _, b := range blocks {
		put(elf.Prog64{Type: uint32(elf.PT_LOAD), Off: offset, Vaddr: b.Addr, Paddr: b.Addr, Filesz: b.Size, Memsz: b.Size})
		offset += b.Size
	}
	if _, err := w.Write(append(head, notes...)); err != nil {
		return &Error{"failed to write elf header", err}
	}
	if err := Copy(w, blocks, read, wrote); err != nil {
		return &Error{"failed to save memory", err}
	}
	if _, err := io.WriteString(w, names); err != nil {
		return &Error{"failed to write section data", err}
	}
	return nil
}

// chunk is how much memory is read at a time.
const chunk = 1 << 20

// Copy writes the memory in blocks to w, one after the other.
func Copy(w io.Writer, blocks []Block, read func(addr uint64, p []byte) error, wrote func(n uint64)) error {
	buf, done := make([]byte, min(chunk, Total(blocks))), uint64(0)
	for _, b := range blocks {
		for off := uint64(0); off < b.Size; {
			p := buf[:min(b.Size-off, chunk)]
			if err := read(b.Addr+off, p); err != nil {
				return err
			}
			if _, err := w.Write(p); err != nil {
				return err
			}
			off += uint64(len(p))
			done += uint64(len(p))
			wrote(done)
		}
	}
	return nil
}
