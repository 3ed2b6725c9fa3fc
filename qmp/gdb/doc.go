// Package gdb lets debuggers in: it is QEMU's gdb stub, GDB's remote serial
// protocol (manual of gdb, appendix E) over a character device.
//
// A debugger sees processors as threads, their registers, and memory as the
// processors see it, by physical address: no guest turns paging on, and writes
// to CR0 that would are refused. It may write both; a reset of the machine puts
// the registers back. While it is connected the machine stands still unless it
// says otherwise: a connection stops the machine, as in QEMU, with the event STOP,
// and "continue" goes on with RESUME.
//
// No guest code runs. Breakpoints and watchpoints are accepted and never hit,
// and a step ends, like "continue", when somebody stops the machine: the
// instruction is never done. In QEMU "step" would end by itself.
//
// A socket is listened at, and the machine does not wait for the first debugger
// where QEMU would (wait=on).
//
// Limits: a packet has at most [maxPacket] bytes. Packets X and x (binary
// memory), QStartNoAckMode and file I/O are not there, as in QEMU.
package gdb
