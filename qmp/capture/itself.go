package capture

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
)

// ask executes a command on the machine "none", which is started when it is not
// there.
func (c *capture) ask(name string, arguments, result any) error {
	if c.qemu == nil {
		q, err := start(c.ctx, c.command, "-machine", "none", "-accel", "tcg")
		if err != nil {
			return err
		}
		if c.modules {
			if err := q.run("qom-list-types", nil, nil); err != nil {
				q.stop()
				return err
			}
		}
		c.qemu = q
	}
	err := c.qemu.run(name, arguments, result)
	if _, died := err.(*deathError); died {
		c.qemu.stop()
		c.qemu = nil
	}
	return err
}

// itself asks for what describes the monitor: version, commands, events,
// schema, options of the command line.
func (c *capture) itself() error {
	s := c.source
	if err := c.ask("query-qmp-schema", nil, &s.Schema); err != nil {
		return err
	}
	v := c.qemu.client.Version()
	s.Version = catalog.Version{
		Major: v.QEMU.Major, Minor: v.QEMU.Minor, Micro: v.QEMU.Micro, Package: v.Package,
		Capabilities: c.qemu.client.Capabilities(),
	}
	var entries []struct {
		Name string
		Meta string `json:"meta-type"`
	}
	if err := json.Unmarshal(s.Schema, &entries); err != nil {
		return fmt.Errorf("query-qmp-schema: %w", err)
	}
	for _, e := range entries {
		switch e.Meta {
		case "command":
			s.Commands = append(s.Commands, e.Name)
		case "event":
			s.Events = append(s.Events, e.Name)
		}
	}
	slices.Sort(s.Commands)
	slices.Sort(s.Events)
	return nil
}

// options asks for the options of the command line and of the human monitor.
func (c *capture) options() error {
	groups := &c.source.OptionGroups // whose help texts are left out
	if err := c.ask("query-command-line-options", nil, groups); err != nil {
		return err
	}
	slices.SortFunc(*groups, func(a, b catalog.OptionGroup) int { return strings.Compare(a.Option, b.Option) })
	help, err := c.output("-help")
	if err != nil {
		return err
	}
	err = each(c, "options", helpOptions(help), func(name string) error {
		// Unknown options are found before any other takes effect: unless the
		// last word is the argument of this option, that is what ends QEMU.
		_, err := c.output("-version", "-"+name, "-no-such-option")
		c.source.Options = append(c.source.Options, catalog.Option{Name: name, Argument: err == nil})
		return nil
	})
	if err != nil {
		return err
	}
	for _, topic := range []string{"help", "help info"} {
		var text string
		if err := c.ask("human-monitor-command", map[string]string{"command-line": topic}, &text); err != nil {
			return err
		}
		c.source.HMPCommands = append(c.source.HMPCommands, helpCommands(text, strings.Count(topic, " ")+1)...)
	}
	return nil
}
