package guest

import (
	"fmt"
	"time"
)

// Event is something that makes a guest look at its hardware.
type Event uint8

// The events of a guest.
const (
	Interrupt   Event = iota + 1 // a device wants attention
	Resumed                      // virtual time passes again
	WasReset                     // the machine was reset
	PowerButton                  // somebody asks for a clean end
	NMI                          // a non-maskable interrupt
	Reconsider                   // its temper changed
)

// Hardware is what a guest can touch. Addresses are physical.
type Hardware interface {
	// In and Out access a port; size is 1, 2 or 4 bytes.
	In(port uint16, size int) uint32
	Out(port uint16, size int, value uint32)
	// Read and Write access memory; size is 1, 2, 4 or 8 bytes.
	Read(addr uint64, size int) uint64
	Write(addr uint64, size int, value uint64)
	// Tables returns what firmware tells an operating system.
	Tables() Tables
	// AfterFunc is the guest's timer: it calls f, under the machine's lock, once
	// d of virtual time has passed. The function it returns cancels the call.
	AfterFunc(d time.Duration, f func()) (cancel func())
	// Now returns virtual time in nanoseconds.
	Now() int64
	// Label returns the name that people gave to what is at a place, empty when
	// they gave none. No real guest knows it: it only chooses a temper.
	Label(Place) string
}

// Tables is the part of the ACPI tables that a hot-plug driver needs.
type Tables struct {
	GPEStatus  uint16 // port of the general-purpose event status block; 0: no ACPI
	GPEEnable  uint16 // port of its enable block
	PCIHotplug uint16 // base port of the ACPI PCI hot-plug registers; 0: none
	Buses      int    // number of bus selectors those registers know
	// CPUHotplug and MemoryHotplug are the base ports of the registers by which
	// processors and memory modules come and go; CPUs and MemorySlots say how
	// many slots they have, 0 for none.
	CPUHotplug, MemoryHotplug uint16
	CPUs, MemorySlots         int

	// Memory is how many bytes of RAM there are from address 0 on, Above where
	// memory, and what may be plugged of it, ends for good.
	Memory, Above uint64

	PM1Status  uint16 // port of the fixed event status block; 0: none
	PM1Control uint16 // port of the fixed control block
	// BusPath returns how a bus selector's bus is reached from bus 0: the device
	// and function number of each bridge on the way. It reports false for one that
	// is not reached from there, whose ports serve themselves. nil: unknown.
	BusPath func(selector int) ([]uint8, bool)

	// Roots returns the numbers of the root buses beside bus 0, in ascending
	// order. nil: there are none.
	Roots func() []uint8
}

// Guest is somebody who plays the operating system.
type Guest interface {
	// Handle reacts to an event.
	Handle(Event)
}

// Options say what a guest is like. The zero value reacts correctly, and at
// once.
type Options struct {
	// Temper is how the guest treats devices in general, Devices how it treats
	// single ones, by their labels.
	Temper  Temper
	Devices []DeviceTemper
	// Seed of what is left to chance.
	Seed uint64
}

// DeviceTemper is a temper for one device.
type DeviceTemper struct {
	Device string
	Temper Temper
}

// Kinds lists the guests that New knows.
func Kinds() []string { return []string{"none", "linux"} }

// New returns a guest by name, nil for "none" and the empty name.
func New(kind string, hw Hardware) (Guest, error) {
	switch kind {
	case "", "none":
		return nil, nil
	case "linux":
		return NewLinux(hw, Options{}), nil
	}
	return nil, fmt.Errorf("unknown guest %q", kind)
}
