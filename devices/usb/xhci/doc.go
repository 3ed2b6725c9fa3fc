// Package xhci models the extensible host controller interface, after the xHCI
// specification 1.2: the PCI functions qemu-xhci and nec-usb-xhci and the core
// they share.
//
// # Two objects in one allocation
//
// A [PCI] function embeds its [Core] by value: the core is an object of its own
// (child "xhci-core") that lives in the function's storage. The core owns BAR 0
// and the register blocks in it; the MSI-X table and its pending bits lie in
// BAR 0 too, and belong to the function. The USB bus lies in the core's struct
// and is a child of the function. So whoever holds BAR 0 holds the core, and
// through it the storage of both, but not the function.
//
// # Work and its limits
//
// The controller works when the guest rings a doorbell, when a packet is
// completed, and when a device says that an endpoint has data; it has no thread
// and no timer. Rings are guest memory and may hold anything. One ringing
// executes at most maxCommands commands or maxTransfers transfers and follows
// at most maxLinks links between them; a guest that queues more rings again.
//
// # Errors
//
// Memory that cannot be reached, or an event ring that makes no sense, is a
// host system error: the controller stops, says so in USBSTS, and stays that
// way until it is reset.
//
// # Concurrency
//
// Everything here needs the machine's lock.
package xhci
