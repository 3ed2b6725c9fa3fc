// Package capture asks a QEMU what it is, and makes a catalog of the answers:
//
//	source, err := capture.Run(ctx, []string{"qemu-system-x86_64"}, capture.Options{})
//	data, err := source.Encode()
//
// The program is started many times: once on machine "none" for what QMP tells
// (types, properties, schema, CPU models), again whenever a question kills it,
// once per machine type for its CPUs, and once or more per device.
//
// QMP does not tell which devices can be plugged, on what bus they sit or what
// their configuration space holds. So each type that "-device help" lists is
// plugged into a stopped machine of its own, and query-pci, "info usb", "info
// qtree" and the configuration ports are read. Devices that need something
// capture cannot provide, a vhost-user back end say, keep only what the help
// tells.
//
// Everything is put into an order of its own, mostly by name, so that the same
// QEMU gives the same catalog, byte for byte. Prose (descriptions, help texts)
// is left out.
package capture
