// Package hub models usb-hub: a full-speed hub of 1 to 8 ports, as USB 2.0
// chapter 11 has it. Devices behind it are siblings on the bus; when the hub
// goes it takes them along.
package hub
