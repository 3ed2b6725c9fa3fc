// Package catalog holds what particular QEMU versions say of themselves: every
// QOM type with its parents and interfaces, every property with type and
// default, machines and their compatibility properties, CPU models, command
// line options, commands, events, the introspection schema, and what devices
// look like once plugged (bus, PCI identity and BARs, USB speed).
//
// A catalog *is* a QEMU version to the rest of the program: answers about types
// and checks of arguments are derived from it and copied nowhere else.
//
// Package qmp/capture makes catalogs, and so the command "qomd capture", which
// made the embedded ones as well:
//
//	qomd capture -o devices/catalog/qemu-7.2.cat -- qemu-system-x86_64
//
// Catalogs are embedded in the compact container of package format. Nothing is
// decoded before it is asked for, types are decoded one by one, and each
// decoded piece is kept, so that all machines of a process share it. Everything
// returned is shared and must not be modified.
package catalog
