// Package chardev holds the character devices of a machine: named ends of byte
// streams, such as the socket a monitor or a serial port talks through. It
// corresponds to QEMU's chardev/ directory.
//
// A [Chardev] is an object in the container /chardevs. Its [Backend] is the
// host's end; the machine's end, a monitor or a device, attaches as the front
// end, one at a time.
//
// # Concurrency
//
// Objects need the machine's lock. Backends do their I/O on goroutines of their
// own and never hold it; what the objects show of them is kept in atomics.
package chardev
