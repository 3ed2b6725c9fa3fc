// Package usbtest builds small machines for tests of USB devices: an object
// tree with the catalog's types, a PCI bus, guest memory, a clock that steps,
// and the events that clients would see.
package usbtest
