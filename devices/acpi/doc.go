// Package acpi models the ACPI hardware of PCs: the general-purpose event
// block, the fixed power management registers, and hot-plug by slots: of PCI
// devices, of processors, of memory modules.
//
// [PCIHotplug] is the hot-plug handler of the buses it was given. A request to
// unplug sets a bit that the guest reads; the guest answers by ejecting the
// slot, at any time, asked or not. A system reset ejects what was asked for.
// All of it goes through the registers, so that a guest program and the qtest
// socket drive it alike.
//
// [CPUHotplug] and [MemoryHotplug] only keep the registers; the machine is the
// handler. A slot says what came and what is to go until the guest clears it,
// over resets and changes of what is in it, as in QEMU. What the guest reports
// with _OST becomes an [OST]. The mode of the processors' registers that
// firmware of old versions had to leave first (a bitmap) is not modelled.
//
// Everything here needs the machine's lock.
package acpi
