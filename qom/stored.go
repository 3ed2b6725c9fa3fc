package qom

// StoredString is [Object.Stored] of a string or a choice, empty when nothing is
// kept.
func (o *Object) StoredString(name string) string {
	s, _ := o.Stored(name).(string)
	return s
}

// StoredBool is [Object.Stored] of a truth value, false when nothing is kept.
func (o *Object) StoredBool(name string) bool {
	b, _ := o.Stored(name).(bool)
	return b
}

// StoredUint is [Object.Stored] of a whole number, 0 when nothing is kept; one
// below zero has its two's complement.
func (o *Object) StoredUint(name string) uint64 {
	switch n := o.Stored(name).(type) {
	case uint64:
		return n
	case int64:
		return uint64(n)
	}
	return 0
}
