package capture

import (
	"maps"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
)

// devices finds out what QMP does not tell about devices.
func (c *capture) devices() error {
	facts, err := c.deviceHelp()
	if err != nil {
		return err
	}
	c.source.Devices = map[string]catalog.DeviceFacts{}
	if !c.opts.NoPlug {
		if err := c.plug(facts); err != nil {
			return err
		}
	}
	for name, f := range facts {
		c.source.Devices[name] = *f
	}
	return nil
}

// plug plugs all devices, each into a machine of its own.
func (c *capture) plug(facts map[string]*catalog.DeviceFacts) error {
	// The accelerator for tests is the quickest, where it was built in.
	c.accel = "tcg"
	if help, err := c.output("-accel", "help"); err == nil && slices.Contains(strings.Fields(help), "qtest") {
		c.accel = "qtest"
	}
	orders := map[string][]string{}
	names := c.opts.Only
	if names == nil {
		names = slices.Sorted(maps.Keys(facts))
	}
	if err := c.hotplug(facts, names); err != nil {
		return err
	}
	err := each(c, "devices", names, func(name string) error {
		if facts[name] == nil || facts[name].Category == "CPU" {
			return nil
		}
		if err := c.observe(name, facts[name], orders); err != nil {
			c.opts.Remark(name + ": " + err.Error())
		}
		return nil
	})
	// Devices that come with a machine or inside others were seen in the
	// trees as well.
	for name, order := range orders {
		if facts[name] == nil {
			facts[name] = &catalog.DeviceFacts{}
		}
		facts[name].QtreeOrder = order
	}
	return err
}

// plugged are the arguments of a machine that devices are looked at in.
func (c *capture) plugged(args ...string) []string {
	return append(append([]string{"-accel", c.accel}, inPort...), args...)
}
