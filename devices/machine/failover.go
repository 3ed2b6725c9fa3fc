package machine

import "github.com/qomd/qomd/qom"

// unplugPrimary is the data of UNPLUG_PRIMARY.
type unplugPrimary struct {
	DeviceID string `json:"device-id"`
}

// Part implements [migration.Host]: the primary devices of failover pairs are not
// carried, so the guest has to do with the standby meanwhile.
func (m mover) Part() {
	for _, d := range m.env.Primaries() {
		if err := d.SendAway(); err != nil {
			m.log.Warn("couldn't unplug primary device", "device", d.Label(), "error", err)
			continue
		}
		m.emit("UNPLUG_PRIMARY", unplugPrimary{d.ID()})
	}
}

// Parting implements [migration.Host].
func (m mover) Parting() bool {
	for _, d := range m.env.Primaries() {
		if d.Away() && d.UnplugPending() {
			return true
		}
	}
	return false
}

// Rejoin implements [migration.Host].
func (m mover) Rejoin() {
	for _, d := range m.env.Primaries() {
		if !d.Away() {
			continue
		}
		if err := d.TakeBack(); err != nil {
			m.log.Error("primary device not plugged back", "device", d.Label(), "error", err)
		}
	}
}

// away lists the objects that are not carried, with all that is below.
func (m mover) away() map[*qom.Object]bool {
	all := map[*qom.Object]bool{}
	for _, d := range m.env.Primaries() {
		if d.Away() {
			d.Walk(func(o *qom.Object) bool {
				all[o] = true
				return true
			})
		}
	}
	return all
}
