package cpu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/vmstate"
)

// No guest code runs: registers are what a reset leaves in them, until a
// debugger writes others.

// Reg is a register of the processor as debuggers see it.
type Reg struct {
	Name  string // as gdb has it
	Bytes int
}

// Registers are the registers in the order of QEMU's gdb stub.
var Registers = func() []Reg {
	var list []Reg
	add := func(bytes int, names ...string) {
		for _, n := range names {
			list = append(list, Reg{n, bytes})
		}
	}
	numbered := func(bytes int, prefix string, n int) {
		for i := range n {
			add(bytes, fmt.Sprint(prefix, i))
		}
	}
	add(8, "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip")
	add(4, "eflags", "cs", "ss", "ds", "es", "fs", "gs")
	add(8, "fs_base", "gs_base", "k_gs_base", "cr0", "cr2", "cr3", "cr4", "cr8", "efer")
	numbered(10, "st", 8)
	add(4, "fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop")
	numbered(16, "xmm", 16)
	add(4, "mxcsr")
	return list
}()

// resetValues are the registers that a reset does not leave 0; Intel's manual,
// volume 3, table 9-1. EDX has the signature.
var resetValues = map[string]uint64{
	"rip": 0xfff0, "eflags": 2, "cs": 0xf000, "cr0": 0x60000010, "fctrl": 0x37f, "mxcsr": 0x1f80,
}

// paging is the bit PG of CR0.
const paging = 1 << 31

// FindRegister returns the register of a name.
func FindRegister(name string) (Reg, bool) {
	i := slices.IndexFunc(Registers, func(r Reg) bool { return r.Name == name })
	if i < 0 {
		return Reg{}, false
	}
	return Registers[i], true
}

// Read returns what is in a register, the low byte first.
func (c *CPU) Read(r Reg) []byte {
	value := make([]byte, max(r.Bytes, 8))
	switch {
	case c.written[r.Name] != nil:
		copy(value, c.written[r.Name])
	case r.Name == "rdx":
		binary.LittleEndian.PutUint64(value, uint64(c.Signature()))
	default:
		binary.LittleEndian.PutUint64(value, resetValues[r.Name])
	}
	return value[:r.Bytes]
}

// Value is [CPU.Read] for the low 8 bytes of the register of a name.
func (c *CPU) Value(name string) uint64 {
	r, _ := FindRegister(name)
	return binary.LittleEndian.Uint64(append(c.Read(r), make([]byte, 8)...))
}

// ErrPaging is why a register cannot be written.
var ErrPaging = errors.New("paging cannot be turned on: nothing here would follow the tables")

// only64 reports whether there is a register in 64-bit mode only: r8 to r15.
func (r Reg) only64() bool { return r.Name[0] == 'r' && '1' <= r.Name[1] && r.Name[1] <= '9' }

// Write puts a value, the low byte first and as many bytes as there are, into a
// register. The processor is in real mode: more than 32 bits do not stay, and r8
// to r15 are not there.
func (c *CPU) Write(r Reg, value []byte) error {
	if len(value) != r.Bytes {
		return fmt.Errorf("register %s has %d bytes", r.Name, r.Bytes)
	}
	if r.Name == "cr0" && binary.LittleEndian.Uint64(value)&paging != 0 {
		return ErrPaging
	}
	if c.written == nil {
		c.written = map[string][]byte{}
	}
	value = slices.Clone(value)
	if r.Bytes == 8 { // no 64-bit mode
		clear(value[4:])
	}
	if r.only64() {
		clear(value)
	}
	if r.Bytes == 4 && r.Name[1:] == "s" { // a selector
		clear(value[2:])
	}
	c.written[r.Name] = value
	return nil
}

// SegmentBase is where the segment of a segment register begins: the processor
// is in real mode, and after a reset CS leads to the end of the first 4 GiB.
func (c *CPU) SegmentBase(name string) uint64 {
	if name == "cs" && c.written[name] == nil {
		return 0xffff0000
	}
	return c.Value(name) & 0xffff << 4
}

// Written reports whether a debugger wrote a register since the last reset.
func (c *CPU) Written(name string) bool { return c.written[name] != nil }

// Signature is what CPUID tells of family, model and stepping; Intel's manual,
// volume 2, leaf 1.
func (c *CPU) Signature() uint32 {
	family, model, stepping := uint32(c.number("family")), uint32(c.number("model")), uint32(c.number("stepping"))
	base := min(family, 0xf)
	return (family-base)<<20 | model>>4<<16 | base<<8 | model&0xf<<4 | stepping&0xf
}

// Reset implements [qdev.Resetter].
func (c *CPU) Reset() { c.written, c.checks = nil, 0 }

// VMState implements [vmstate.Stater].
func (c *CPU) VMState(f *vmstate.Fields) {
	c.Device.VMState(f)
	f.Field("registers", &c.written)
	f.Field("machine-checks", &c.checks)
}
