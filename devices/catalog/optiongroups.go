package catalog

import "github.com/qomd/qomd/devices/catalog/format"

// OptionGroup is what may be said with one option of the command line, as
// query-command-line-options tells, without help texts.
type OptionGroup struct {
	Option     string            `json:"option"`
	Parameters []OptionParameter `json:"parameters"`
}

// OptionParameter is one member of an option group.
type OptionParameter struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // "string", "boolean", "number" or "size"
	Default string `json:"default,omitempty"`
}

// OptionGroups lists the option groups, ordered by their options.
func (c *Catalog) OptionGroups() []OptionGroup {
	c.groupsOnce.Do(func() {
		t := c.file.Table(format.CommandLineOptions)
		c.groups = make([]OptionGroup, t.Len())
		for i := range c.groups {
			cur := t.At(i)
			g := OptionGroup{Option: c.str(&cur), Parameters: make([]OptionParameter, cur.Count())}
			for j := range g.Parameters {
				g.Parameters[j] = OptionParameter{Name: c.str(&cur), Type: c.str(&cur), Default: c.str(&cur)}
			}
			c.groups[i] = g
		}
	})
	return c.groups
}
