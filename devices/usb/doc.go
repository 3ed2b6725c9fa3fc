// Package usb models USB buses, ports and devices: who may plug in where, what
// attaching and detaching does, how packets travel, and the descriptors that a
// guest enumerates a device by.
//
// # Buses and ports
//
// A controller offers a [Bus] and registers its root [Port]s on it; a hub
// registers further ports on the same bus, so devices behind a hub are siblings
// of the hub, as in QEMU. A device that is realized claims a port: the one it
// names, or the first free one; when a single port is left a hub is put in
// first. It is then attached, if the speeds fit.
//
// # Unplug
//
// USB devices go at once. Unrealizing detaches the device, which makes its
// controller cancel and unmap every packet in flight; only then the port is
// free again. A hub that goes takes the devices behind it along.
//
// # Packets
//
// A [Packet] is one transaction on an endpoint. Its data is a list of segments,
// bytes of the controller's own or mappings of guest memory. A device answers
// at once, or says [Async] and completes the packet later with
// [Packet.Complete]; while it is in flight it is in the device's ledger.
//
// # Models
//
// A device model embeds a [Device] and implements what it needs of
// [Realizer], [Unrealizer], [ControlHandler], [DataHandler], [Canceller],
// [ResetHandler], [AttachHandler] and [DetachHandler]. A type of the catalog
// without a model is a [Device] that can be plugged, enumerated and unplugged.
//
// # Concurrency
//
// Everything here needs the machine's lock.
package usb
