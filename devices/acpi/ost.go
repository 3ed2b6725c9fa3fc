package acpi

import "github.com/qomd/qomd/devices/qdev"

// OST is what the guest last reported about a slot through the method _OST of
// ACPI; it is the data of the event ACPI_DEVICE_OST and an element of
// query-acpi-ospm-status. Source and Status are as the ACPI specification has
// them: the event that was worked on, and how that went.
type OST struct {
	Device   string `json:"device,omitempty"` // id of what is in the slot
	Slot     string `json:"slot"`
	SlotType string `json:"slot-type"` // "CPU" or "DIMM"
	Source   uint32 `json:"source"`
	Status   uint32 `json:"status"`
}

// ostEvent is the data of the event ACPI_DEVICE_OST.
type ostEvent struct {
	Info OST `json:"info"`
}

// emitOST tells the monitors of a report.
func emitOST(env *qdev.Env, o OST) { env.Emit("ACPI_DEVICE_OST", ostEvent{o}) }

// Bits of the flags register of a slot, and of its control register; the
// latter acts on the lowest bit that is set.
const (
	slotEnabled   = 1 << 0
	slotInserting = 1 << 1 // control: has been seen
	slotRemoving  = 1 << 2 // control: has been seen
	slotEject     = 1 << 3 // control only
	slotFirmware  = 1 << 4 // the firmware is to eject; processors only
)

// request is the state of a slot's two events.
type request struct {
	inserting, removing bool
}

func (r request) flags(present bool) uint64 {
	var v uint64
	if present {
		v |= slotEnabled
	}
	if r.inserting {
		v |= slotInserting
	}
	if r.removing {
		v |= slotRemoving
	}
	return v
}

// eject removes a device on behalf of the guest. If that fails the device stays.
func eject(d *qdev.Device) error {
	handler := d.HotplugHandler()
	if handler == nil {
		return nil
	}
	err := qdev.Remove(handler, d)
	if err != nil {
		d.Env().Log.Warn("not ejected", "device", d.Label(), "error", err)
	}
	return err
}
