package migration

import (
	"slices"
	"strings"
)

// Kind is what a property of the migration object is.
type Kind int

// The kinds of settings.
const (
	IsGlobal Kind = iota // no command changes it
	IsParameter
	IsCapability
)

// SettingOf returns the parameter or capability that a property of the migration
// object sets, which has an x- before its name where the setting may have none.
func SettingOf(property string) (name string, kind Kind) {
	for _, name := range []string{property, strings.TrimPrefix(property, "x-")} {
		switch {
		case slices.Contains(capabilities, name):
			return name, IsCapability
		case slices.ContainsFunc(all(), func(p parameter) bool { return p.name == name }):
			return name, IsParameter
		}
	}
	return property, IsGlobal
}
