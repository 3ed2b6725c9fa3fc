package dump

import "encoding/binary"

// CPU is a processor as the notes of a core file show it. None runs, so that all
// are as after a reset, Intel's manual volume 3 section 11.1.1.
type CPU struct {
	Index   int
	Version uint32 // as CPUID tells it in EAX, and a reset in EDX
}

// Types of notes.
const (
	noteStatus = 1 // NT_PRSTATUS
	noteState  = 0 // QEMU's
)

// What registers hold after a reset.
const (
	resetEIP    = 0xfff0
	resetCS     = 0xf000
	resetFlags  = 2
	resetCR0    = 0x60000010
	resetCSBase = 0xffff0000
)

// status is the note that debuggers read: struct elf_prstatus of 32-bit Linux,
// as the processor is in real mode.
func (c CPU) status() []byte {
	const (
		size      = 144
		pid, regs = 24, 72
		edx       = regs + 4*2
		eip       = regs + 4*12
		cs, flags = eip + 4, eip + 8
	)
	p := make([]byte, size)
	le := binary.LittleEndian
	le.PutUint32(p[pid:], uint32(c.Index+1))
	le.PutUint32(p[edx:], c.Version)
	le.PutUint32(p[eip:], resetEIP)
	le.PutUint32(p[cs:], resetCS)
	le.PutUint32(p[flags:], resetFlags)
	return note("CORE", noteStatus, p)
}

// segment is a segment register in QEMU's note.
type segment struct {
	Selector, Limit, Flags, _ uint32
	Base                      uint64
}

// qemuState is what QEMU's own note holds, version 1.
type qemuState struct {
	Version, Size                          uint32
	RAX, RBX, RCX, RDX, RSI, RDI, RSP, RBP uint64
	R                                      [8]uint64 // r8 to r15
	RIP, RFLAGS                            uint64
	CS, DS, ES, FS, GS, SS                 segment
	LDT, TR, GDT, IDT                      segment
	CR                                     [5]uint64
	KernelGSBase                           uint64
}

// state is the note with everything.
func (c CPU) state() []byte {
	const limit, code, data, ldt, tss = 0xffff, 0x9b00, 0x9300, 0x8200, 0x8b00
	flat := segment{Limit: limit, Flags: data}
	s := qemuState{
		Version: 1, RDX: uint64(c.Version), RIP: resetEIP, RFLAGS: resetFlags,
		CS: segment{Selector: resetCS, Limit: limit, Flags: code, Base: resetCSBase},
		DS: flat, ES: flat, FS: flat, GS: flat, SS: flat,
		LDT: segment{Limit: limit, Flags: ldt}, TR: segment{Limit: limit, Flags: tss},
		GDT: segment{Limit: limit}, IDT: segment{Limit: limit},
		CR: [5]uint64{resetCR0},
	}
	s.Size = uint32(binary.Size(s))
	p, _ := binary.Append(nil, binary.LittleEndian, s)
	return note("QEMU", noteState, p)
}

// allNotes are those of all processors: first what debuggers read.
func allNotes(cpus []CPU) []byte {
	var notes []byte
	for _, c := range cpus {
		notes = append(notes, c.status()...)
	}
	for _, c := range cpus {
		notes = append(notes, c.state()...)
	}
	return notes
}

// note wraps a description of a length that is a multiple of four.
func note(name string, typ uint32, desc []byte) []byte {
	le := binary.LittleEndian
	padded := make([]byte, (len(name)+1+3)/4*4)
	copy(padded, name)
	p := le.AppendUint32(nil, uint32(len(name)+1))
	p = le.AppendUint32(p, uint32(len(desc)))
	p = le.AppendUint32(p, typ)
	return append(append(p, padded...), desc...)
}
