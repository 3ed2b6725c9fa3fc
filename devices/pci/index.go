package pci

import (
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
)

// maxIndex is the highest acpi-index.
const maxIndex = 16383

// claimIndex takes the function's acpi-index, if it has one: no other in the
// machine may have the same.
func (b *Bus) claimIndex(d *Device) error {
	i, top := d.acpiIndex, b.top()
	if d.Env().Ways.IndexByHandler {
		if _, acpi := d.HotplugHandler().(qdev.BusChooser); !acpi {
			return nil
		}
	}
	switch {
	case i == 0:
		return nil
	case i > maxIndex:
		return fmt.Errorf("acpi-index should be less or equal to %d", maxIndex)
	case top.indexes[i] != nil:
		return fmt.Errorf("a PCI device with acpi-index = %d already exist", i)
	case top.indexes == nil:
		top.indexes = map[uint32]*Device{}
	}
	top.indexes[i] = d
	return nil
}

// releaseIndex gives it back.
func (b *Bus) releaseIndex(d *Device) {
	if top := b.top(); top.indexes[d.acpiIndex] == d {
		delete(top.indexes, d.acpiIndex)
	}
}
