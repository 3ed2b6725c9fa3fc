package qdev

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/qomd/qomd/qom"
)

// identifier makes the kind of a property of 16 bytes in hexadecimal digits.
// "auto" is one made by chance; read takes the dashes out of any other.
func identifier(read func(string) (string, bool), show func([]byte) string) kind {
	random := func() any {
		b := make([]byte, 16)
		rand.Read(b)
		return show(b)
	}
	return kind{
		zero:   show(make([]byte, 16)),
		random: random,
		parse: func(o *qom.Object, p *qom.Property, in qom.Input) (any, error) {
			s, err := in.Str(p.Name)
			if err != nil {
				return nil, err
			}
			if s == "auto" {
				return random(), nil
			}
			digits, ok := read(s)
			b, err := hex.DecodeString(digits)
			if !ok || err != nil || len(b) != 16 {
				return nil, fmt.Errorf("Property '%s.%s' doesn't take value '%s'", o.TypeName(), p.Name, s)
			}
			return show(b), nil
		},
	}
}

// uuidKind is a UUID in the form of RFC 4122.
var uuidKind = identifier(func(s string) (string, bool) {
	parts := strings.Split(s, "-")
	ok := len(parts) == 5
	for i, n := range []int{8, 4, 4, 4, 12} {
		ok = ok && len(parts[i]) == n
	}
	return strings.Join(parts, ""), ok
}, func(b []byte) string { return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]) })

// nguidKind is the globally unique identifier of an NVMe namespace, NVM Express
// base specification 2.0 section 4.5.1. Dashes between bytes are ignored.
var nguidKind = identifier(func(s string) (string, bool) { return strings.ReplaceAll(s, "-", ""), true }, hex.EncodeToString)
