// Package trace has the trace points of a machine: places that QEMU has as well,
// under QEMU's names. One that is on writes a line to the log whenever it is
// passed, in the form of QEMU's log backend. While all are off, a point costs a
// comparison.
package trace
