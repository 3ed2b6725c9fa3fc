package schema

import (
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// This file holds what QEMU knows of its commands and does not tell through
// query-qmp-schema. All of it was seen in the answers of QEMU 11.1.3.

// unchecked are the commands that QEMU calls with their arguments as they came
// ("gen": false in QAPI).
var unchecked = map[string]bool{"device_add": true}

// obsolete are arguments that QEMU 11 no longer takes, by command. They never
// did anything over QMP, and libvirt 9, which many have together with a newer
// QEMU, cannot do without: it saves no domain when they are refused.
var obsolete = map[string]string{"migrate": "detach"}

// withoutObsolete returns the arguments of a command that are to be checked.
func withoutObsolete(command string, args *qjson.Object) *qjson.Object {
	name := obsolete[command]
	if name == "" || args == nil || !args.Has(name) {
		return args
	}
	rest := qjson.NewObject()
	for n, v := range args.All() {
		if n != name {
			rest.Set(n, v)
		}
	}
	return rest
}

// alternateNames are the names of the alternates, by the JSON types they take.
var alternateNames = map[string]string{
	"string object":      "BlockDirtyBitmapOrStr",
	"string null":        "StrOrNull",
	"object string":      "BlockdevRef",
	"object string null": "BlockdevRefOrNull",
	"object enum":        "Qcow2OverlapChecks",
	"enum object":        "Qcow2OverlapChecks",
	"string array":       "BlockExportIothreads",
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
