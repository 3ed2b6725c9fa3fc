package pci

import "fmt"

// join takes the function's address on the bus and makes its configuration
// space and its view of memory. The checks and their texts are QEMU's.
func (d *Device) join(b *Bus) error {
	if b.expander != nil && BridgeFrom(d) == nil {
		return fmt.Errorf("PCI: Only PCI/PCIe bridges can be plugged into %s", b.expander.TypeName())
	}
	devfn, err := b.place(d)
	if err != nil {
		return err
	}
	d.bus, d.devfn = b, devfn
	d.addr = int32(devfn)
	d.initConfig()
	if err := b.checkFunctions(d); err != nil {
		d.bus, d.bars = nil, [NumBARs]bar{}
		return err
	}
	d.powered = true
	d.startBusMaster()
	b.setAt(devfn, d)
	return nil
}

// leave undoes join.
func (d *Device) leave() {
	b := d.bus
	b.setAt(d.devfn, nil)
	d.stopBusMaster()
	d.bus = nil
}

// unplaced is the address that QEMU takes a function to have when it chose one
// for it, and looks whether function 0 is there already: so a hot-plug fails
// once there is something in the last slot.
const unplaced = 0xff

// place chooses or checks the address of a function.
func (b *Bus) place(d *Device) (uint8, error) {
	name := d.TypeName()
	if d.addr < 0 {
		for devfn := int(b.min); devfn < 256; devfn += 8 {
			if b.reserved>>(devfn>>3)&1 == 0 && b.At(uint8(devfn)) == nil {
				if d.Env().Ways.AnySlot {
					return uint8(devfn), nil
				}
				return uint8(devfn), b.checkHidden(d, unplaced)
			}
		}
		return 0, fmt.Errorf("PCI: no slot/function available for %s, all in use or reserved", name)
	}
	devfn := uint8(d.addr)
	if b.reserved>>(devfn>>3)&1 != 0 {
		return 0, fmt.Errorf("PCI: slot %d function %d not available for %s, reserved", devfn>>3, devfn&7, name)
	}
	if other := b.At(devfn); other != nil {
		id := other.ID()
		if id == "" {
			id = "(null)"
		}
		return 0, fmt.Errorf("PCI: slot %d function %d not available for %s, in use by %s,id=%s",
			devfn>>3, devfn&7, name, other.TypeName(), id)
	}
	return devfn, b.checkHidden(d, devfn)
}

// checkHidden refuses a function that is hot-plugged after function 0: a guest
// that scanned the slot would never find it.
func (b *Bus) checkHidden(d *Device, devfn uint8) error {
	if !d.Hotplugged() {
		return nil
	}
	if f0 := b.function0(devfn); f0 != nil {
		return fmt.Errorf("PCI: slot %d function 0 already occupied by %s, new func %s cannot be exposed to guest.",
			f0.Slot(), f0.TypeName(), d.TypeName())
	}
	return nil
}

// function0 returns the function that makes the one at devfn known to the
// guest: function 0 of its slot, or of the only slot behind a PCI Express port.
func (b *Bus) function0(devfn uint8) *Device {
	if b.parent != nil && b.parent.Downstream() {
		return b.At(0)
	}
	return b.At(devfn &^ 7)
}

// checkFunctions holds the slot to what its functions say of multifunction.
func (b *Bus) checkFunctions(d *Device) error {
	slot := d.devfn &^ 7
	if d.multi {
		d.space.bytes[regHeaderType] |= headerMultifunction
	}
	if d.Func() != 0 {
		if f0 := b.At(slot); f0 != nil && !f0.multi {
			return fmt.Errorf("PCI: single function device can't be populated in function %x.%x", d.Slot(), d.Func())
		}
		return nil
	}
	if d.multi {
		return nil
	}
	for fn := uint8(1); fn < 8; fn++ {
		if b.At(slot|fn) != nil {
			return fmt.Errorf("PCI: %x.0 indicates single function, but %x.%x is already populated.", d.Slot(), d.Slot(), fn)
		}
	}
	return nil
}

// Exposed reports whether configuration cycles reach the function: its slot has
// power, and a hot-plugged function shows only once function 0 is there.
func (d *Device) Exposed() bool {
	return d.bus != nil && d.powered && (!d.Hotplugged() || d.bus.function0(d.devfn) != nil)
}

// DevPath names the function by where it sits, as QEMU does for what belongs to
// it: the domain, the number of the root bus, and slot and function of each
// bridge on the way, an expander among them.
func (d *Device) DevPath() string {
	if d.bus == nil {
		return "0000:00"
	}
	return d.bus.pathOf(d)
}

// pathOf names a function on the bus likewise, which need not be realized.
func (b *Bus) pathOf(d *Device) string {
	path := fmt.Sprintf(":%02x.%x", d.Slot(), d.Func())
	root := b.RootBus()
	for up := b.upstream(); up != nil && up.bus != nil; up = up.bus.upstream() {
		path = fmt.Sprintf(":%02x.%x", up.Slot(), up.Func()) + path
	}
	return fmt.Sprintf("0000:%02x%s", root.number, path)
}
