// Package pci models PCI and PCI Express: functions with their configuration
// space, base address registers, capabilities and interrupts; buses and the
// rules of addresses on them; bridges, ports and their hot-plug controllers;
// and the configuration mechanisms of host bridges. It answers as QEMU 11.1
// does.
//
// # How models plug in
//
// A model embeds [Device] by value and implements [Function], and [Exiter],
// [FunctionResetter], [ConfigWriter] and [ConfigReader] as needed. Device
// itself implements what package qdev asks of devices (Realize, Unrealize,
// Reset): a model must not define methods of these names.
//
//	type Function struct {
//		pci.Device
//		bar memory.Region
//	}
//
//	func (f *Function) RealizePCI() error {
//		f.bar.InitIO(f.Env().Memory, f.QOM(), f, "regs", 4096)
//		return f.RegisterBAR(0, pci.BARMem, &f.bar)
//	}
//
// Identity, class code and interrupt pin come from [SetClass] or, without it,
// from the facts that [Register] was given. A type without code of its own gets
// those facts' BARs and capabilities too, so that every PCI device can be
// plugged, scanned and unplugged.
//
// # Life of a function
//
// Realizing takes the address on the bus, resets the configuration space,
// makes the bus master address space, and then calls the model. Unrealizing
// unmaps the BARs, calls the model's ExitPCI, takes down MSI-X, lets the bus
// master address space go (its root is the function's own region: that
// self-reference ends after a grace period), and frees the address.
//
// # Expanders
//
// An [Expander] (pxb, pxb-pcie, pxb-cxl) stands on the board's root bus and has
// a host bridge beside the board's, with a root bus of another number. Cycles for
// that number reach it through the board's configuration mechanism. Its slots
// take no devices while the machine runs; ports and bridges on it serve theirs
// themselves, whatever ACPI does elsewhere. The property bypass_iommu is kept,
// and there is no translation that it could turn off.
//
// # Hot-plug
//
// Who handles hot-plug of a bus is the bus' qdev handler: a [Slot] (native PCI
// Express), a standard hot-plug controller ([Bridge] with SHPC), or package
// acpi's.
//
// # Concurrency
//
// Everything here needs the machine's lock.
package pci
