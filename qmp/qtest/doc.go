// Package qtest serves QEMU's qtest protocol: lines of text with which somebody
// outside plays the guest, by port and memory accesses, and moves virtual time.
//
//	outl 0xae08 0x20
//	OK
//	inl 0xae04
//	OK 0x0000
//
// Numbers are as C writes them. A command that fails answers "FAIL" and why, and
// the connection goes on.
package qtest
