package pci

// Bool returns a boolean property that the catalog's generic code keeps, def
// when there is none.
func (d *Device) Bool(name string, def bool) bool {
	if v, ok := d.Stored(name).(bool); ok {
		return v
	}
	return def
}

// Choice returns an enumeration property likewise, "auto" when there is none.
func (d *Device) Choice(name string) string {
	if v, ok := d.Stored(name).(string); ok {
		return v
	}
	return "auto"
}
