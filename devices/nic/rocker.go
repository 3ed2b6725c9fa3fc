package nic

import (
	"encoding/binary"
	"fmt"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
)

// Limits of a switch.
const (
	rockerName  = 9  // bytes of its name
	rockerPorts = 62 // more are left out
	rockerWorld = "ofdpa"
)

// rockerFirst is the address of the first port of the first switch; the fifth
// byte counts the switches.
var rockerFirst = qdev.MAC{0x52, 0x54, 0x00, 0x12, 0x35, 0x01}

// Rocker is a switch of network cards, as far as it shows before a driver uses
// it: it has a name, a number and ports.
type Rocker struct {
	pci.Device
	name  string
	id    uint64
	ports []qdev.Backend
}

// SwitchName is what the switch goes by.
func (r *Rocker) SwitchName() string { return r.name }

// SwitchID is its number.
func (r *Rocker) SwitchID() uint64 { return r.id }

// PortNames are the names of its ports, in their order.
func (r *Rocker) PortNames() []string {
	names := make([]string, min(len(r.ports), rockerPorts))
	for i := range names {
		names[i] = fmt.Sprintf("%sp%d", r.name, i+1)
	}
	return names
}

// RealizePCI implements [pci.Function].
func (r *Rocker) RealizePCI() error {
	name, named := r.Stored("name").(string)
	if !named {
		name = "rocker"
	}
	if world, ok := r.Stored("world").(string); ok && world != rockerWorld {
		return fmt.Errorf("invalid argument requested world %s does not exist", world)
	}
	if len(name) > rockerName {
		return fmt.Errorf("name too long; please shorten to at most %d chars", rockerName)
	}
	mac := rockerFirst
	taken := false
	walk(r.Env().SystemBus, func(d *qdev.Device) {
		other, ok := d.Self().(*Rocker)
		if !ok {
			return
		}
		taken = taken || other.name == name
		if m, _ := other.Stored("fp_start_macaddr").(qdev.MAC); m[4] >= mac[4] && [4]byte(m[:4]) == [4]byte(mac[:4]) {
			mac[4] = m[4] + 1
		}
	})
	if taken {
		return fmt.Errorf("%s already exists", name)
	}
	if m, ok := r.Stored("fp_start_macaddr").(qdev.MAC); ok && m != (qdev.MAC{}) {
		mac = m
	}
	r.id = r.StoredUint("switch_id")
	if r.id == 0 {
		var wide [8]byte
		copy(wide[:], mac[:])
		r.id = binary.LittleEndian.Uint64(wide[:])
	}
	if err := r.connect(); err != nil {
		return err
	}
	r.name = name
	for property, v := range map[string]any{"name": name, "world": rockerWorld, "fp_start_macaddr": mac, "switch_id": r.id} {
		r.Store(property, v)
	}
	r.RealizeFromFacts()
	return nil
}

// connect takes the netdevs that the ports name.
func (r *Rocker) connect() error {
	ports, _ := r.Stored("ports").([]any)
	for _, v := range ports {
		name, _ := v.(string)
		b := r.Env().Backends.Netdev(name)
		if b == nil {
			r.ExitPCI()
			return fmt.Errorf("Property 'rocker.ports' can't find value '%s'", name)
		}
		if b.Attach(&r.Object, "ports") != nil {
			r.ExitPCI()
			return fmt.Errorf("Property 'rocker.ports' can't take value '%s', it's in use", name)
		}
		r.ports = append(r.ports, b)
	}
	return nil
}

// ExitPCI lets go of the netdevs.
func (r *Rocker) ExitPCI() {
	for _, b := range r.ports {
		b.Detach(&r.Object, "ports")
	}
	r.ports = nil
}
