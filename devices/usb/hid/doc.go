// Package hid models human interface devices: usb-mouse, usb-tablet, usb-kbd
// and usb-wacom-tablet, after the HID class definition 1.11. Nobody sits at
// them unless a test or a client does, by [Device.Pointer] and [Device.Key].
package hid
