// Package qdev gives objects the life of devices: buses to sit on, realize and
// unrealize, hot-plug handlers, reset, and the monitor's device_add and
// device_del.
//
// # Life of a device
//
// [New] makes a device; properties are set; [Device.Realize] brings it to life
// on a bus, telling the hot-plug handler before and after. [Device.Unrealize]
// shuts it down: its [memory.Gate] closes first, so that from then on nobody
// enters its callbacks, then its child buses go, then the device itself.
// Leaving the tree unrealizes what is still realized, empties the child buses
// (most recently added device first) and leaves the parent bus; the bus lets
// go of the device after a grace period. DEVICE_DELETED is emitted when the
// device's storage is freed, embedded children before their container, and its
// id stays taken until then.
//
// # How models plug in
//
// A model embeds [Device] (or pci.Device, usb.Device, ...) by value and
// implements what it needs of [Realizer], [Unrealizer] and [Resetter]. Facts
// that belong to a class (bus type, whether it can be hot-plugged) are set on
// the class with [SetClass].
//
// # Concurrency
//
// Everything here needs the machine's lock.
package qdev
