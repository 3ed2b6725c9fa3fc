// Package dimm is memory that is plugged while the machine runs: the memory
// modules pc-dimm and nvdimm, and the [Window] of addresses they are put into.
//
// The machine is their hot-plug handler; it asks the window for a slot and an
// address, and shows the module to the guest through [acpi.MemoryHotplug].
// A module's memory is that of its backend, which cannot be deleted while the
// module works.
//
// Limits: every module is aligned to 2 MiB, whatever its backend; there is one
// NUMA node; labels of an NVDIMM take their room, but nobody can read them.
package dimm
