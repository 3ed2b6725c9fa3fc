package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
)

// typeWords are the types of members as "help" on a group names them.
var typeWords = map[string]string{"string": "str", "number": "num", "size": "size", "boolean": "bool (on/off)"}

// GroupHelp lists the members of an option group of the QEMU of a catalog, in the
// shape of QEMU's answer to "help"; what they are for, a catalog does not tell.
func GroupHelp(cat *catalog.Catalog, group string) string {
	var lines []string
	for _, g := range cat.OptionGroups() {
		if g.Option != group {
			continue
		}
		for _, p := range g.Parameters {
			lines = append(lines, fmt.Sprintf("  %s=<%s>\n", p.Name, typeWords[p.Type]))
		}
	}
	slices.Sort(lines)
	return group + " options:\n" + strings.Join(lines, "")
}
