package catalog

import (
	"encoding/json"
	"fmt"

	"github.com/qomd/qomd/devices/catalog/format"
)

// Version is what the greeting and query-version tell.
type Version struct {
	Major, Minor, Micro int
	Package             string
	Capabilities        []string
}

// Option is an option of the command line.
type Option struct {
	Name     string // without dash
	Argument bool   // takes one
}

type meta struct {
	version               Version
	commands, events, hmp []string
	options               []Option
}

func (c *Catalog) metadata() *meta {
	c.metaOnce.Do(func() {
		t := c.file.Table(format.Meta)
		v := t.At(0)
		c.meta.version = Version{
			Major: int(v.Uint()), Minor: int(v.Uint()), Micro: int(v.Uint()),
			Package:      c.str(&v),
			Capabilities: c.strs(&v),
		}
		names := t.At(1)
		c.meta.commands = c.strs(&names)
		names = t.At(2)
		c.meta.events = c.strs(&names)
		options := t.At(3)
		c.meta.options = make([]Option, options.Count())
		for i := range c.meta.options {
			c.meta.options[i] = Option{Name: c.str(&options), Argument: options.Uint() != 0}
		}
		names = t.At(4)
		c.meta.hmp = c.strs(&names)
	})
	return &c.meta
}

// Version is the version of QEMU the catalog was captured from.
func (c *Catalog) Version() Version { return c.metadata().version }

// Commands lists the names of all commands, sorted.
func (c *Catalog) Commands() []string { return c.metadata().commands }

// Events lists the names of all events, sorted.
func (c *Catalog) Events() []string { return c.metadata().events }

// Options lists the options of the command line that "-help" tells of, in its
// order.
func (c *Catalog) Options() []Option { return c.metadata().options }

// HMPCommands lists the commands of the human monitor as its help does, with
// their short names ("cont|c"), and the topics of info ("info balloon").
func (c *Catalog) HMPCommands() []string { return c.metadata().hmp }

// section inflates a JSON section once and keeps it.
func (c *Catalog) section(id uint32) ([]byte, error) {
	c.rawMu.Lock()
	defer c.rawMu.Unlock()
	if b, ok := c.raw[id]; ok {
		return b, nil
	}
	b, err := c.file.Bytes(id)
	if err != nil {
		return nil, fmt.Errorf("catalog %s: %w", c.name, err)
	}
	c.raw[id] = b
	return b, nil
}

// SchemaJSON is the value query-qmp-schema returns, as JSON: an array with the
// entries in QEMU's order. Callers must not modify it.
func (c *Catalog) SchemaJSON() ([]byte, error) { return c.section(format.Schema) }

// CPUSlots is where a machine with one processor takes more: the answer to
// query-hotpluggable-cpus.
type CPUSlots struct {
	Machine string    `json:"machine"`
	Slots   []CPUSlot `json:"slots"`
}

// CPUSlot is one place for a processor.
type CPUSlot struct {
	Type    string           `json:"type"`
	VCPUs   int64            `json:"vcpus-count"`
	Props   map[string]int64 `json:"props"`
	QOMPath string           `json:"qom-path,omitempty"` // "" when nobody sits there
}

// CPUSlotsJSON is what CPUSlots decodes.
func (c *Catalog) CPUSlotsJSON() ([]byte, error) { return c.section(format.CPUSlots) }

// CPUSlots lists the machines that processors can be plugged into, by name.
func (c *Catalog) CPUSlots() ([]CPUSlots, error) {
	return decodeSection[[]CPUSlots](c, format.CPUSlots)
}

func decodeSection[T any](c *Catalog, id uint32) (T, error) {
	var out T
	b, err := c.section(id)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return out, fmt.Errorf("catalog %s: section %d: %w", c.name, id, err)
	}
	return out, nil
}
