// Package chardev holds the character devices of a machine: named ends of byte
// streams, such as the socket a monitor or a serial port talks through. It
// corresponds to QEMU's chardev/ directory.
//
// A [Chardev] is an object in the container /chardevs. Its [Backend] is the
// host's end. The machine's end, a monitor or a device, is its [Frontend]; a
// device has one at a time, a multiplexer up to four. [Set] is all of a
// machine's, with what chardev-add and its kin do.
//
// # Flow
//
// What a client sends is read only as fast as the front end takes it, and not
// at all while there is none: it waits in the kernel, and the client is held
// back. A front end that goes leaves the rest to the next. Two exceptions are
// QEMU's: what is written while nobody is connected is dropped, and so is what
// a unix client left unread that hung up before there was a front end.
//
// # Concurrency
//
// Objects and front ends need the machine's lock. Backends do their I/O on
// goroutines of their own, one for as long as there is a connection or a
// listener, and take the lock only to hand bytes over; what objects show of
// them is kept in atomics. Nothing here blocks with the lock held.
//
// # Limits
//
// Sockets with tn3270 are refused, and a break that TELNET signals is not passed
// on. A server that is told to wait for its first client by chardev-add does not
// wait. A pseudo-terminal counts as connected whether or not somebody has it open.
package chardev
