// Package virtio models virtio devices and their PCI transport, as QEMU 11.1
// has them: a proxy, the PCI function that users plug, and inside it a backend,
// the virtio device proper. It follows the OASIS specification "Virtual I/O
// Device (VIRTIO)", version 1.2, with the legacy interface of its chapters 4.1.4.8
// and 2.7.
//
// # Proxy and backend
//
// A [Proxy] embeds its backend by value, as the child virtio-backend; the
// backend sits on the proxy's own bus, virtio-bus. Every property of the
// backend appears on the proxy as well. Unplugging the proxy ends both; their
// storage is one, so that DEVICE_DELETED comes for the backend, by its path
// alone, and then for the proxy.
//
// # Registers
//
// [Proxy] maps the structures of virtio 1.x into one memory BAR, each found by
// a vendor capability, and offers the access through configuration space. A
// transitional function has the legacy registers in an I/O BAR besides.
//
// # Queues
//
// A [Queue] is a split ring in guest memory. What a driver makes available comes
// out as an [Element]: the memory of its buffers, mapped and held until
// [Queue.Push] or [Element.Drop]. A ring that breaks the rules breaks the device
// ([Device.Break]) until the driver resets it. The work one notification can
// cause is bounded by the size of the queue, whatever the ring holds.
//
// # Requests in flight at unplug
//
// QEMU waits for them with the monitor frozen. Here unplugging, and a reset by
// the driver, never wait: requests are orphaned, nothing of them shows to the
// guest any more, and what they hold (the backend and the memory of their
// buffers) is released as each completes. What was to be written is copied, so
// that it reaches the disk. DEVICE_DELETED comes after the last one, as it does
// in QEMU, and after a reset the driver's next requests wait for it.
//
// # Concurrency
//
// Everything here needs the machine's lock, completions of a [qdev.Disk] included.
package virtio
