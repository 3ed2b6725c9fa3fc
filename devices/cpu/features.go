package cpu

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qom"
)

// Setting is a property and the text to set it to.
type Setting struct{ Property, Value string }

// ParseFeatures reads what follows the model in -cpu: "+avx,-svm,family=6,aes".
// As in QEMU features with a sign come last, whatever their place, and only
// they are looked up here.
func ParseFeatures(c *qom.Class, text string) ([]Setting, error) {
	var list, signed []Setting
	if text == "" {
		return nil, nil
	}
	for _, f := range strings.Split(text, ",") {
		if f == "" {
			continue
		}
		name, value, given := strings.Cut(f, "=")
		switch {
		case f[0] == '+' || f[0] == '-':
			value = "on"
			if f[0] == '-' {
				value = "off"
			}
			name = dashes(f[1:])
			if c.Property(name) == nil {
				return nil, fmt.Errorf("Property '%s.%s' not found", c.Name(), name)
			}
			signed = append(signed, Setting{name, value})
			continue
		case !given:
			value = "on"
		case name == "tsc-freq":
			n, err := frequency(value)
			if err != nil {
				return nil, err
			}
			name, value = "tsc-frequency", n
		}
		list = append(list, Setting{dashes(name), value})
	}
	return append(list, signed...), nil
}

// dashes spells a feature as properties are spelled.
func dashes(name string) string { return strings.ReplaceAll(name, "_", "-") }

// frequency reads hertz with a metric suffix.
func frequency(text string) (string, error) {
	unit := map[byte]float64{'k': 1e3, 'K': 1e3, 'm': 1e6, 'M': 1e6, 'g': 1e9, 'G': 1e9, 't': 1e12, 'T': 1e12}
	number, scale := text, 1.0
	if n := len(text); n > 0 && unit[text[n-1]] != 0 {
		number, scale = text[:n-1], unit[text[n-1]]
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || v < 0 || v*scale >= 1<<63 {
		return "", fmt.Errorf("bad numerical value %s", text)
	}
	return strconv.FormatInt(int64(v*scale), 10), nil
}
