// Package virtio is a guest's drivers of virtio devices: a [Device] is driven by
// what the OASIS specification "Virtual I/O Device (VIRTIO)", version 1.2, lets
// a driver touch, which is registers in PCI memory and rings in its own. The
// legacy interface is left to others.
//
// [Open] finds a device's structures, [Device.Start] negotiates and makes it
// ready, [Device.Interrupt] takes what came back, and [Device.Stop] resets it.
// Block devices can be read and written with [Disk]; the others go as far as a
// driver with nothing to do: network cards have buffers to receive, consoles are
// told that ports are ready, balloons are inflated as the host wishes.
//
// What a driver does depends on nothing but what it reads: the same device
// gets the same accesses.
package virtio
