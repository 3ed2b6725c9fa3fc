package nic

import (
	"github.com/qomd/qomd/devices/qdev"
)

// first is the address of the first card; QEMU counts up its last byte, up to
// last.
var first = qdev.MAC{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}

const last = 0xfe

// Address returns the Ethernet address of a card, after giving it a free one
// when the user set none: the lowest that no other card of the machine has.
func Address(d *qdev.Device) qdev.MAC {
	if m, ok := d.Stored("mac").(qdev.MAC); ok && m != (qdev.MAC{}) {
		return m
	}
	var taken [256]bool
	walk(d.Env().SystemBus, func(other *qdev.Device) {
		if m, ok := other.Stored("mac").(qdev.MAC); ok && other != d && [5]byte(m[:5]) == [5]byte(first[:5]) {
			taken[m[5]] = true
		}
	})
	m := first
	for m[5] < last && taken[m[5]] {
		m[5]++
	}
	d.Store("mac", m)
	return m
}

// walk visits every realized device on bus and below.
func walk(bus *qdev.Bus, visit func(*qdev.Device)) {
	if bus == nil {
		return
	}
	for _, d := range bus.Devices() {
		if d.Realized() {
			visit(d)
		}
		for _, b := range d.Buses() {
			walk(b, visit)
		}
	}
}
