// Package qtest serves QEMU's qtest protocol: lines of text with which somebody
// outside plays the guest, by port and memory accesses, and moves virtual time.
//
//	outl 0xae08 0x20
//	OK
//	inl 0xae04
//	OK 0x0000
//
// After irq_intercept_in the client is told of changes of a device's interrupt
// inputs, at any time, by lines of their own:
//
//	IRQ raise 9
//
// The interrupt controllers have inputs that work, and they, the ISA bridge and
// the timers outputs; other devices can be intercepted, and nothing is ever told
// of them.
//
// [Client] is the other end.
//
// Numbers are as C writes them. A command that fails answers "FAIL" and why, and
// the connection goes on.
package qtest
