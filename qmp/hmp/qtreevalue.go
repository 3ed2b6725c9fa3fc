package hmp

import (
	"fmt"
	"math"
	"strconv"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// propertyText writes a value as "info qtree" does: numbers also in
// hexadecimal, sizes also in units, text in quotes.
func propertyText(d *qdev.Device, p *qom.Property, v any) string {
	if p.Name == "addr" && pci.FromDevice(d) != nil {
		n, _ := qjson.Int(v)
		return pci.FormatDevfn(n)
	}
	switch v := v.(type) {
	case string:
		return `"` + v + `"` // as it is: QEMU does not escape
	case bool:
		return strconv.FormatBool(v)
	}
	n, ok := integer(v)
	switch {
	case !ok:
		return "<null>" // lists without elements, and what has no text
	case p.Type == "size":
		return fmt.Sprintf("%d (%s)", n, sizeText(n))
	}
	return fmt.Sprintf("%d (0x%x)", int64(n), n)
}

// integer returns a number's 64 bits.
func integer(v any) (uint64, bool) {
	switch n := v.(type) {
	case uint64:
		return n, true
	case int64:
		return uint64(n), true
	}
	n, ok := qjson.Int(v)
	return uint64(n), ok
}

// sizeText writes a number of bytes in the unit that leaves less than 1000,
// with three digits: "32 GiB".
func sizeText(n uint64) string {
	const units = "KMGTPE"
	_, exp := math.Frexp(float64(n) * 1.024)
	i := (exp - 1) / 10
	if i <= 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%s %ciB", strconv.FormatFloat(float64(n)/math.Ldexp(1, 10*i), 'g', 3, 64), units[i-1])
}

// className is what a class code is called, or its number.
func className(code uint16) string {
	if name := pci.ClassName(code); name != "" {
		return name
	}
	return fmt.Sprintf("Class %04x", code)
}
