// Package acpi models the ACPI hardware of PCs: the general-purpose event
// block, the fixed power management registers, and PCI hot-plug by slots.
//
// [PCIHotplug] is the hot-plug handler of the buses it was given. A request to
// unplug sets a bit that the guest reads; the guest answers by ejecting the
// slot, at any time, asked or not. A system reset ejects what was asked for.
// All of it goes through the registers, so that a guest program and the qtest
// socket drive it alike.
//
// Everything here needs the machine's lock.
package acpi
