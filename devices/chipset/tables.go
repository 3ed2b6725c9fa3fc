package chipset

// Tables says where the guest finds the ACPI hardware; ports are 0 while the
// guest's firmware has not placed it.
type Tables struct {
	GPEStatus, GPEEnable  uint16
	PM1Status, PM1Control uint16
	PCIHotplug            uint16
	PCIBuses              int
	CPUHotplug            uint16 // base port, as the others
	CPUs                  int    // slots
	MemoryHotplug         uint16
	MemorySlots           int
}

// Tables returns what firmware would tell the guest now: nothing on a board without
// ACPI.
func (b *Board) Tables() Tables {
	if b.pm == nil {
		return Tables{}
	}
	return b.pm.tables()
}

// PlacePower does what firmware does before it starts the guest: it gives the
// power management registers their usual place, port 0x600, through the
// configuration space.
func (b *Board) PlacePower() {
	if b.pm != nil {
		b.pm.place(b.Root, 0x600)
	}
}

// PressPowerButton tells the guest of the power button.
func (b *Board) PressPowerButton() {
	if b.pm != nil {
		b.pm.fixed.PressPowerButton()
	}
}

// Wake tells the guest that it woke up.
func (b *Board) Wake() {
	if b.pm != nil {
		b.pm.fixed.Wake()
	}
}
