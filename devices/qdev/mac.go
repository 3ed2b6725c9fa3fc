package qdev

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/qom"
)

// MAC is an Ethernet address. The zero value means that none was chosen.
type MAC [6]byte

// String writes the address as QEMU does: lower case, with colons.
func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// ParseMAC reads an address: six pairs of hexadecimal digits with colons or
// dashes between them.
func ParseMAC(s string) (MAC, bool) {
	var m MAC
	if len(s) != 17 {
		return m, false
	}
	for i := range m {
		if i > 0 && s[3*i-1] != ':' && s[3*i-1] != '-' {
			return MAC{}, false
		}
		hi, lo := strings.IndexByte(hexDigits, s[3*i]|0x20), strings.IndexByte(hexDigits, s[3*i+1]|0x20)
		if hi < 0 || lo < 0 {
			return MAC{}, false
		}
		m[i] = byte(hi<<4 | lo)
	}
	return m, true
}

const hexDigits = "0123456789abcdef"

// isMAC tells the properties of type "str" that are Ethernet addresses.
func isMAC(name string) bool { return name == "mac" || name == "fp_start_macaddr" }

var macKind = kind{
	zero: MAC{}.String(),
	show: func(v any) any { return v.(MAC).String() },
	parse: func(o *qom.Object, p *qom.Property, in qom.Input) (any, error) {
		s, err := in.Str(p.Name)
		if err != nil {
			return nil, err
		}
		m, ok := ParseMAC(s)
		if !ok {
			return nil, fmt.Errorf("Property '%s.%s' doesn't take value '%s'", o.TypeName(), p.Name, s)
		}
		return m, nil
	},
}
