// Package memory models the guest-visible memory of one machine: regions,
// the flat views rendered from them, address spaces, and direct memory access.
// It corresponds to QEMU's memory API and answers accesses as QEMU 11.1 does.
//
// # Regions and views
//
// A [Region] is an object of QOM type "memory-region", usually a struct field
// of a device. Regions form trees (containers, priorities, aliases). An
// [AddressSpace] looks at one root; its [View] is the immutable, sorted list of
// flat ranges that the tree amounts to. A view is a cache: a change of the
// topology throws away the views it affects, and the next access renders a new
// one. A machine that nobody accesses renders nothing, however many devices
// come and go.
//
// # Who holds what
//
// A reference to a region is a reference to the region's owner; a region
// without owner is never counted. References are [qom.Hold] tokens:
//
//	subregion   a container holds the owner of what was added, if owners differ
//	flat-range  a view holds each owner once, with the number of its ranges
//	view-root   a view holds the owner of its root
//	as-root     an address space holds the owner of its root
//	dma-map     a mapping holds the owner of the region it leads to
//	find, cache a look-up, and a cached region, likewise
//
// An alias holds nothing; rendering resolves it, so the view holds the owner
// of its target.
//
// # Grace periods
//
// A thrown away view, the root of a destroyed address space and whatever else
// is handed to [Reclaimer.Retire] goes only when no reader that might still use
// it is left, and never before the machine runs the reclaimer: after the reply
// of the current command was queued. Readers are goroutines that look at a view
// without the machine's lock, between [System.Pin] and [Pin.Unpin].
//
// # Concurrency
//
// Every call needs the machine's lock, except where it says otherwise: pins,
// [AddressSpace.View] with [View.ReadRAM] and [View.WriteRAM],
// [Mapping.ReadAt], [Mapping.WriteAt] and [Mapping.UnmapAsync]. Two goroutines
// that touch the same bytes of guest memory at the same time race, as two
// devices do; whoever does input or output off the lock owns its buffer until
// it completes the request.
package memory
