package catalog

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/qomd/qomd/devices/catalog/format"
)

// Catalog is what one QEMU version says of itself. It is immutable to its
// users and safe for concurrent use.
type Catalog struct {
	name string
	file *format.File

	strings, props, lists, types, machines, devices format.Table
	cpus, expansions, templates                     format.Table

	// Decoded pieces, filled on first use. Two goroutines may decode the
	// same one at once; both results are equal and one of them stays.
	facts       []atomic.Pointer[TypeFacts]
	deviceLists []atomic.Pointer[[]Property]
	plugged     []atomic.Pointer[DeviceFacts]

	metaOnce sync.Once
	meta     meta

	machinesOnce sync.Once
	machineList  []Machine

	aliasesOnce sync.Once
	aliases     map[string]string

	groupsOnce sync.Once
	groups     []OptionGroup

	wordsOnce sync.Once
	words     []compiled

	rawMu sync.Mutex
	raw   map[uint32][]byte
}

// Open reads a catalog from the bytes of a catalog file, as package build
// writes them. The data must not change afterwards. A damaged file is refused.
func Open(name string, data []byte) (*Catalog, error) { return open(name, string(data), true) }

func open(name, data string, verify bool) (*Catalog, error) {
	f, err := format.Open(data, verify)
	if err != nil {
		return nil, fmt.Errorf("catalog %s: %w", name, err)
	}
	c := &Catalog{
		name:       name,
		file:       f,
		strings:    f.Table(format.Strings),
		props:      f.Table(format.Props),
		lists:      f.Table(format.Lists),
		types:      f.Table(format.Types),
		machines:   f.Table(format.Machines),
		devices:    f.Table(format.Devices),
		cpus:       f.Table(format.CPUDefinitions),
		expansions: f.Table(format.CPUExpansions),
		templates:  f.Table(format.Templates),
		raw:        map[uint32][]byte{},
	}
	if c.types.Len() == 0 {
		return nil, fmt.Errorf("catalog %s: %w: it has no types", name, format.ErrFormat)
	}
	c.facts = make([]atomic.Pointer[TypeFacts], c.types.Len())
	c.deviceLists = make([]atomic.Pointer[[]Property], c.types.Len())
	c.plugged = make([]atomic.Pointer[DeviceFacts], c.types.Len())
	return c, nil
}

// Name is the name the catalog was loaded under, "qemu-11.1" for instance.
func (c *Catalog) Name() string { return c.name }

// str reads a string reference.
func (c *Catalog) str(cur *format.Cursor) string { return c.strings.String(cur.Ref(c.strings.Len())) }

// strs reads a counted list of string references; nil when it is empty.
func (c *Catalog) strs(cur *format.Cursor) []string {
	n := cur.Count()
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = c.str(cur)
	}
	return out
}
