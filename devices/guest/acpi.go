package guest

// Registers of ACPI PCI hot-plug, from its base port; QEMU's
// docs/specs/acpi_pci_hotplug describes them.
const (
	pciUp     = 0x00 // slots with a new device, a bit each; reading clears
	pciDown   = 0x04 // slots with a device that is asked to go
	pciEject  = 0x08 // written: slots to eject
	pciSelect = 0x10 // bus the others are about

	gpePCIHotplug = 1 << 1 // its bit among the general-purpose events
)

// ACPI fixed hardware, ACPI specification 4.8.3.
const (
	pm1SleepType5  = 0 << 10 // the S5 type of QEMU's tables
	pm1SleepEnable = 1 << 13
)

// acpiHotplug runs what the general-purpose event's method does: it looks at
// every bus, takes note of what came, and ejects what is to go.
func (l *Linux) acpiHotplug() {
	t := l.hw.Tables()
	if t.GPEStatus == 0 || l.hw.In(t.GPEStatus, 1)&gpePCIHotplug == 0 {
		return
	}
	l.hw.Out(t.GPEStatus, 1, gpePCIHotplug)
	for bus := range t.Buses {
		l.hw.Out(t.PCIHotplug+pciSelect, 4, uint32(bus))
		l.hw.In(t.PCIHotplug+pciUp, 4)
		if down := l.hw.In(t.PCIHotplug+pciDown, 4); down != 0 {
			l.hw.Out(t.PCIHotplug+pciEject, 4, down)
		}
	}
}

// powerOff enters S5.
func (l *Linux) powerOff() {
	if t := l.hw.Tables(); t.PM1Control != 0 {
		l.hw.Out(t.PM1Control, 2, pm1SleepType5|pm1SleepEnable)
	}
}
