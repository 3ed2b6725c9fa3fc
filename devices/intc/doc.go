// Package intc is the interrupt controllers of PCs as far as registers show
// them: the pair of 8259A (Intel 231468-003), the 82093AA I/O APIC (Intel
// 290566-001) and, of the local APICs (Intel's manual volume 3, chapter 12),
// what messages put into them. There is no processor, so nothing in a local APIC
// is ever serviced, and its own registers, which only a processor reaches, keep
// the values of a reset.
//
// The models know no tree and no memory region: package chipset wires them. They
// answer as QEMU's do, also where the data sheets say otherwise. They need the
// machine's lock.
package intc
