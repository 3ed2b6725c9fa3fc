package config

import "strconv"

// escape applies -echr, a number in C's notation. As in QEMU what follows its
// digits does not count, and one without digits is only complained about.
func (b *builder) escape(a argument) error {
	for n := len(a.value); n > 0; n-- {
		if v, err := strconv.ParseInt(a.value[:n], 0, 32); err == nil {
			c := int(v)
			b.m.Escape = &c
			return nil
		}
	}
	b.m.Notices = append(b.m.Notices, "Bad argument to echr")
	return nil
}
