package catalog

import (
	"encoding/json"

	"github.com/qomd/qomd/devices/catalog/format"
)

// CPUDefinition is one CPU model, as query-cpu-definitions tells of it.
type CPUDefinition struct {
	Name                string   `json:"name"`
	Typename            string   `json:"typename"`
	UnavailableFeatures []string `json:"unavailable-features"`
	AliasOf             string   `json:"alias-of,omitempty"`
	Static              bool     `json:"static"`
	MigrationSafe       bool     `json:"migration-safe"`
	Deprecated          bool     `json:"deprecated"`
}

// CPUDefinitions lists the CPU models in the catalog's order.
func (c *Catalog) CPUDefinitions() []CPUDefinition {
	list := make([]CPUDefinition, c.cpus.Len())
	for i := range list {
		list[i] = c.cpuAt(i)
	}
	return list
}

// CPUDefinition finds the CPU model of a type. False means that the catalog has
// none.
func (c *Catalog) CPUDefinition(typename string) (CPUDefinition, bool) {
	for i := range c.cpus.Len() {
		cur := c.cpus.At(i)
		c.str(&cur) // its name
		if c.str(&cur) == typename {
			return c.cpuAt(i), true
		}
	}
	return CPUDefinition{}, false
}

func (c *Catalog) cpuAt(i int) CPUDefinition {
	cur := c.cpus.At(i)
	d := CPUDefinition{Name: c.str(&cur), Typename: c.str(&cur), AliasOf: c.str(&cur)}
	flags := cur.Uint()
	d.Static = flags&format.CPUStatic != 0
	d.MigrationSafe = flags&format.CPUMigrationSafe != 0
	d.Deprecated = flags&format.CPUDeprecated != 0
	if d.UnavailableFeatures = c.strs(&cur); d.UnavailableFeatures == nil {
		d.UnavailableFeatures = []string{} // as JSON it is a list, too
	}
	return d
}

// CPUExpansion is one recorded answer of query-cpu-model-expansion.
type CPUExpansion struct {
	Model string          `json:"model"`
	Type  string          `json:"type"` // "static" or "full"
	Reply json.RawMessage `json:"reply"`
}

// CPUModelExpansion lists the recorded answers of query-cpu-model-expansion;
// Reply is the whole reply, a return or an error. They are megabytes.
func (c *Catalog) CPUModelExpansion() []CPUExpansion {
	list := make([]CPUExpansion, c.expansions.Len())
	for i := range list {
		cur := c.expansions.At(i)
		list[i] = CPUExpansion{Model: c.str(&cur), Type: c.str(&cur), Reply: c.cpuReply(&cur)}
	}
	return list
}

// CPUModelReply returns the answer to query-cpu-model-expansion for one model,
// as QEMU gave it: an object with "return" or "error". typ is "static" or
// "full". False means that the catalog has no such model.
func (c *Catalog) CPUModelReply(model, typ string) (json.RawMessage, bool) {
	for i := range c.expansions.Len() {
		cur := c.expansions.At(i)
		if m, t := c.str(&cur), c.str(&cur); m == model && t == typ {
			return c.cpuReply(&cur), true
		}
	}
	return nil, false
}

// cpuReply reads the rest of a record of a recorded answer.
func (c *Catalog) cpuReply(cur *format.Cursor) json.RawMessage {
	return cur.Fill(c.templates.String(cur.Ref(c.templates.Len())), c.strings)
}
