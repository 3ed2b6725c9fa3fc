package hmp

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Errors of sizes and times, in QEMU's words.
var (
	errSize = errors.New("invalid size")
	errTime = errors.New("unknown unit suffix")
)

// timeUnits are the suffixes of a time, with what a second is divided by.
var timeUnits = map[string]float64{"ms": 1e3, "us": 1e6, "ns": 1e9}

// readSeconds reads a time that text begins with: a decimal number of seconds,
// or of what the suffix says. The result is in seconds.
func readSeconds(text string) (seconds float64, rest string, err error) {
	word, rest := text, ""
	if n := strings.IndexAny(text, spaces); n >= 0 {
		word, rest = text[:n], text[n:]
	}
	digits := strings.TrimRight(word, "munsMUNS")
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, "", errors.New("invalid number")
	}
	if suffix := word[len(digits):]; suffix != "" {
		unit := timeUnits[strings.ToLower(suffix)]
		if unit == 0 {
			return 0, "", errTime
		}
		v /= unit
	}
	return v, rest, nil
}
