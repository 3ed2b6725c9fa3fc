package schema

import (
	"math"
	"strings"
)

// This file holds what QEMU knows of its commands and does not tell through
// query-qmp-schema. All of it was seen in the answers of QEMU 11.1.3.

// unchecked are the commands that QEMU calls with their arguments as they came
// ("gen": false in QAPI).
var unchecked = map[string]bool{"device_add": true, "query-qmp-schema": true}

// width is the C type of an integer member.
type width struct {
	name        string // as in "Parameter 'x' expects uint8_t"
	bits        int
	least, most int64 // most is MaxInt64 for uint64, too
}

var (
	int64Width  = &width{"int64_t", 64, math.MinInt64, math.MaxInt64}
	uint8Width  = &width{"uint8_t", 8, 0, math.MaxUint8}
	uint16Width = &width{"uint16_t", 16, 0, math.MaxUint16}
	uint32Width = &width{"uint32_t", 32, 0, math.MaxUint32}
	int32Width  = &width{"int32_t", 32, math.MinInt32, math.MaxInt32}
)

// alternateNames are the names of the alternates, by the JSON types they take.
var alternateNames = map[string]string{
	"string object":      "BlockDirtyBitmapOrStr",
	"string null":        "StrOrNull",
	"object string":      "BlockdevRef",
	"object string null": "BlockdevRefOrNull",
	"object enum":        "Qcow2OverlapChecks",
	"enum object":        "Qcow2OverlapChecks",
	"int boolean array":  "StatsValue",
}

// alternateName returns the QAPI name of an alternate. Introspection replaces the
// names of types by numbers.
func (s *Schema) alternateName(t *entry) (string, error) {
	var kinds []string
	for _, c := range t.choices {
		if err := c.decode(s); err != nil {
			return "", err
		}
		if c.kind == "builtin" {
			kinds = append(kinds, c.json)
		} else {
			kinds = append(kinds, c.kind)
		}
	}
	key := strings.Join(kinds, " ")
	if name, ok := alternateNames[key]; ok {
		return name, nil
	}
	return strings.Join(kinds, " or "), nil
}

// widthOf returns the width of an integer member, nil where it is not known.
func widthOf(*source, string) *width { return nil }
