// Package tpm holds the back ends of trusted platform modules (-tpmdev) and the
// devices by which a guest reaches them: tpm-tis and tpm-crb, as the TCG PC Client
// Platform TPM Profile specification has them and QEMU builds them. It corresponds
// to QEMU's backends/tpm and hw/tpm.
//
// A machine has at most one [Backend]. Its driver is swtpm behind a character
// device ("emulator": control commands over the character device, TPM commands
// over a socket that is handed to swtpm through it), or a device of the host
// ("passthrough").
//
// # Concurrency
//
// Devices and the fields of a Backend need the machine's lock. What the driver
// does blocks; a goroutine of the back end does it, without the lock, one job
// after the other, and there is none while there is nothing to do. Registers
// answer from what the last job has left: a reset is a job, and commands that the
// guest sends meanwhile wait behind it.
//
// # Limits
//
// QEMU ends when a TPM does not start at a reset; here that is logged and the
// registers read zero from then on, unless it is the machine's first reset. The
// bit by which a guest asks for its memory to be cleared at the next reset
// (tpm-ppi) has no effect.
package tpm
