// Package regs describes register blocks of devices as data: a table of rows,
// one per register, tells reset value, writable bits, bits that a write of one
// clears, and what happens on access. A [Table] is made once per device type
// and shared; a [Block] is one device's values, a slice of 32-bit words, and
// serves as the operations of a memory region.
//
// # Accesses
//
// A register is 1, 2, 4 or 8 bytes, little-endian, anywhere in the block. An
// access may be of any size and alignment:
//
//   - A read yields the bytes of all registers it touches, and zeros between
//     them. Each touched register is read once, as a whole.
//   - A write of a part of a register changes the writable bits, and clears
//     the write-one-to-clear bits, of those bytes only, as byte enables do on a
//     bus. Each touched register is written once, lowest first.
//   - Nothing is at an offset without register: reads yield zeros there, writes
//     are dropped.
//
// [Table.Exact] makes a table that knows only accesses which begin at a
// register. Devices whose specification demands more (xHCI wants aligned
// accesses of 4 bytes) restrict accesses by the rules of their region.
//
// Reading a part of a register clears read-to-clear bits in that part only.
package regs
