package config

import "github.com/qomd/qomd/devices/catalog"

// ChardevText is a character device as the human monitor's commands take it:
// the options are known, what they mean together is not checked.
type ChardevText struct {
	ID    string
	HasID bool
	// ListBackends is set when "help" stands in the place of a backend, and
	// Help when it stands among the options.
	ListBackends, Help bool
	Warnings           []string

	given *opts
}

// ParseChardev reads options in the syntax of -chardev, as the QEMU of a catalog
// knows them.
func ParseChardev(cat *catalog.Catalog, text string) (*ChardevText, error) {
	o, help, warnings, err := newGroups(cat)["chardev"].parse(text, Origin{})
	if err != nil {
		return nil, err
	}
	return &ChardevText{
		ID: o.id, HasID: o.id != "", ListBackends: isHelp(o.text("backend")), Help: help, Warnings: warnings, given: o,
	}, nil
}

// Chardev returns the device that the options describe, with QEMU's complaints
// about those that do not go together.
func (c *ChardevText) Chardev() (Chardev, error) {
	o := *c.given
	o.id = c.ID
	return newChardev(&o)
}
