// Package hid models human interface devices: usb-mouse, usb-tablet, usb-kbd
// and usb-wacom-tablet, after the HID class definition 1.11. What a user does
// comes from the machine's [input.Panel]; reports merge and queue as those of
// QEMU do.
package hid
