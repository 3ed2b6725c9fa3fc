package usb

import "github.com/qomd/qomd/qom"

// The properties of USB devices are those of the catalog, which keep their
// values; models read them when they are realized.

// StringOf returns the value of a string property, empty when it is not set.
func StringOf(o *qom.Object, name string) string {
	s, _ := o.Stored(name).(string)
	return s
}

// BoolOf returns the value of a boolean property.
func BoolOf(o *qom.Object, name string) bool {
	b, _ := o.Stored(name).(bool)
	return b
}

// UintOf returns the value of an unsigned property, 0 when it is not set.
func UintOf(o *qom.Object, name string) uint64 {
	switch n := o.Stored(name).(type) {
	case uint64:
		return n
	case int64:
		return uint64(n)
	}
	return 0
}
