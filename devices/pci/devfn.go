package pci

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseDevfn reads an address in the notation "slot" or "slot.function", both
// hexadecimal with an optional 0x, as QEMU's addr property does.
func ParseDevfn(s string) (devfn uint8, ok bool) {
	slotText, fnText, hasFn := strings.Cut(s, ".")
	slot, ok := parseHex(slotText, 31)
	if !ok {
		return 0, false
	}
	fn := uint64(0)
	if hasFn {
		if fn, ok = parseHex(fnText, 7); !ok {
			return 0, false
		}
	}
	return uint8(slot<<3 | fn), true
}

// parseHex reads a number as scanf's %x does, but no sign.
func parseHex(s string, most uint64) (uint64, bool) {
	s = strings.TrimLeft(s, " \t\n")
	if rest, cut := strings.CutPrefix(strings.ToLower(s), "0x"); cut {
		s = rest
	}
	n, err := strconv.ParseUint(s, 16, 32)
	return n, err == nil && n <= most
}

// FormatDevfn writes an address as QEMU prints the addr property: "05.0", or
// "<unset>" for one that was not chosen yet.
func FormatDevfn(devfn int64) string {
	if devfn < 0 {
		return "<unset>"
	}
	return fmt.Sprintf("%02x.%x", devfn>>3, devfn&7)
}
