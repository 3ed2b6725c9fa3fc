package usb

import "github.com/qomd/qomd/qom"

// Register adds buses, the base of all devices, and the device types that have
// no model of their own.
func Register(t *qom.Types) {
	registerBus(t)
	registerDevice(t)
	registerGeneric(t)
}
