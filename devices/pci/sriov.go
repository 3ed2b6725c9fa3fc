package pci

import "errors"

// virtualFunctions are the types, or ancestors, that a user may make a virtual
// function of another function by hand.
var virtualFunctions = map[string]bool{"virtio-net-pci-base": true}

// checkSRIOV refuses the property sriov-pf, which names the function that a
// virtual function belongs to, for types that cannot be one. QEMU asks when
// the model has started.
func (d *Device) checkSRIOV() error {
	if !d.hasSRIOVPF {
		return nil
	}
	if d.layout().physical {
		return errors.New("a device cannot be a SR-IOV PF and a VF at the same time")
	}
	for c := d.Class(); c != nil; c = c.Parent() {
		if virtualFunctions[c.Name()] {
			return nil
		}
	}
	return errors.New("user cannot create SR-IOV VF with this device type")
}
