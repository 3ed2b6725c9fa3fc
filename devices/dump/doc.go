// Package dump writes the memory and the processors of a machine as a core file,
// as dump-guest-memory does: ELF with the notes of QEMU's dumps, which crash(8)
// and gdb read.
package dump
