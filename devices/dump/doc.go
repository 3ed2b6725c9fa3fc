// Package dump writes the memory and the processors of a machine as a core file,
// as dump-guest-memory does: ELF with the notes of QEMU's dumps, which crash(8)
// and gdb read, or makedumpfile's kdump-compressed format, flattened or not.
// Files are of 64 bits, as QEMU's are where memory reaches to 4 GiB: a machine
// none with memory gets one of 32 bits there.
package dump
