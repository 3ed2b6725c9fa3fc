// Package edu models edu, QEMU's PCI device for teaching, as docs/specs/edu of
// QEMU describes it: an identification, a register that negates, a factorial, an
// interrupt that can be raised by hand, and a DMA engine with a buffer of 4096
// bytes.
//
// It is the plainest device there is that owns its BAR itself: whoever maps that
// BAR holds the device, and its end waits. Compare with qemu-xhci, whose BAR
// belongs to a child embedded in it.
package edu
