package machine

import (
	"fmt"
	"strings"
)

// before reports whether the machine type is one of a QEMU before a version.
func (m *Machine) before(major, minor int) bool {
	var x, y int
	name := m.facts.Name
	fmt.Sscanf(name[strings.LastIndexByte(name, '-')+1:], "%d.%d", &x, &y)
	return x < major || x == major && y < minor
}

// entryPoint is which entry point the SMBIOS tables have where nobody says it.
func (m *Machine) entryPoint() string {
	switch {
	case m.before(8, 1):
		return "32"
	case m.before(9, 0):
		return "64"
	}
	return "auto"
}
