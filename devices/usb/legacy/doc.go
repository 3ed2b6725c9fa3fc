// Package legacy models the host controllers that came before xHCI: UHCI, EHCI
// and OHCI, as PCI functions with a USB bus. Devices plug in, show up and
// unplug as on the real ones; the register blocks are there, and tell what the
// controller has, but run no schedules.
//
// An EHCI controller serves high speed only. Slower devices at its ports are
// the business of companions: UHCI or OHCI functions whose property masterbus
// names the EHCI's bus. They have no bus of their own.
package legacy
