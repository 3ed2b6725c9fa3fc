package capture

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/build"
	"github.com/qomd/qomd/qmp"
)

// machines asks for the machine types, with the compatibility properties of each
// where QEMU tells them.
func (c *capture) machines() error {
	var list []build.Machine
	err := c.ask("query-machines", map[string]bool{"compat-props": true}, &list)
	told := err == nil
	if !told { // 7.2 does not know the argument
		err = c.ask("query-machines", nil, &list)
	}
	slices.SortFunc(list, func(a, b build.Machine) int { return strings.Compare(a.Name, b.Name) })
	for i := range list {
		if told && list[i].CompatProps == nil {
			list[i].CompatProps = []build.CompatProp{}
		}
	}
	c.source.Machines = list
	return err
}

// cpuModels asks for the CPU models and what each expands to.
func (c *capture) cpuModels() error {
	s := c.source
	if err := c.ask("query-cpu-definitions", nil, &s.CPUDefinitions); err != nil {
		return err
	}
	slices.SortFunc(s.CPUDefinitions, func(a, b catalog.CPUDefinition) int { return strings.Compare(a.Name, b.Name) })
	return each(c, "CPU models", s.CPUDefinitions, func(d catalog.CPUDefinition) error {
		for _, kind := range []string{"static", "full"} {
			e := catalog.CPUExpansion{Model: d.Name, Type: kind}
			args := map[string]any{"type": kind, "model": map[string]string{"name": d.Name}}
			var result json.RawMessage
			var refused *qmp.Error
			reply := map[string]any{}
			switch err := c.ask("query-cpu-model-expansion", args, &result); {
			case errors.As(err, &refused):
				reply["error"] = refused
			case err != nil:
				return err
			default:
				reply["return"] = result
			}
			var err error
			if e.Reply, err = json.Marshal(reply); err != nil {
				return err
			}
			s.CPUExpansions = append(s.CPUExpansions, e)
		}
		return nil
	})
}

// cpuSlots starts every machine that takes processors while it runs, and asks
// where.
func (c *capture) cpuSlots() error {
	return each(c, "machines", c.source.Machines, func(m build.Machine) error {
		if !m.HotpluggableCPUs {
			return nil
		}
		q, err := start(c.ctx, c.command, "-machine", m.Name, "-accel", "tcg")
		if err != nil {
			c.opts.Remark(m.Name + ": " + err.Error())
			return c.ctx.Err()
		}
		defer q.stop()
		slots := catalog.CPUSlots{Machine: m.Name}
		if err := q.run("query-hotpluggable-cpus", nil, &slots.Slots); err != nil {
			return err
		}
		c.source.CPUSlots = append(c.source.CPUSlots, slots)
		return nil
	})
}
