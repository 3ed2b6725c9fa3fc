package qdev

// Number returns the value kept for a property that is a whole number, as a
// model with no field of its own for it reads it; 0 when nothing is kept.
func (d *Device) Number(name string) uint64 {
	switch v := d.Stored(name).(type) {
	case int64:
		return uint64(v)
	case uint64:
		return v
	}
	return 0
}
