package build

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/format"
)

// Encode packs the source into a catalog file. It sorts types, machines,
// names and property lists by name, so that equal sources give equal bytes.
func (s *Source) Encode() ([]byte, error) {
	e := &encoder{w: format.NewWriter(), props: map[string]int{}, lists: map[string]int{}}
	slices.SortFunc(s.Types, func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Machines, func(a, b Machine) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(s.Commands)
	slices.Sort(s.Events)
	if err := e.types(s.Types); err != nil {
		return nil, err
	}
	e.machines(s.Machines)
	e.devices(s.Types, s.Devices)
	e.meta(s)
	e.optionGroups(s.OptionGroups)
	e.cpus(s.CPUDefinitions)
	if err := e.expansions(s.CPUExpansions); err != nil {
		return nil, err
	}
	e.w.Table(format.Props, e.propRecords)
	e.w.Table(format.Lists, e.listRecords)
	for _, j := range []struct {
		id    uint32
		value any
	}{
		{format.Schema, s.Schema}, {format.CPUSlots, s.CPUSlots},
	} {
		b, err := json.Marshal(j.value) // which also takes the white space out of a json.RawMessage
		if err == nil {
			err = e.w.Deflate(j.id, b)
		}
		if err != nil {
			return nil, fmt.Errorf("section %d: %w", j.id, err)
		}
	}
	return e.w.Bytes(), nil
}

type encoder struct {
	w *format.Writer

	props       map[string]int // numbers of properties by record
	propRecords [][]byte
	lists       map[string]int // by content
	listRecords [][]byte
	listIDs     [][]int // content of each list
}

func (e *encoder) str(r *format.Record, s string) {
	if s == "" {
		r.Ref(-1)
		return
	}
	r.Ref(e.w.String(s))
}

func (e *encoder) strs(r *format.Record, list []string) {
	r.Uint(uint64(len(list)))
	for _, s := range list {
		e.str(r, s)
	}
}

// property makes the record of a property.
func (e *encoder) property(p catalog.Property) (format.Record, error) {
	var r format.Record
	e.str(&r, p.Name)
	e.str(&r, p.Type)
	switch v := p.Default.(type) {
	case nil:
		if p.HasDefault {
			return nil, fmt.Errorf("property %s: null is no default", p.Name)
		}
		r.Uint(format.DefaultNone)
	case bool:
		if v {
			r.Uint(format.DefaultTrue)
		} else {
			r.Uint(format.DefaultFalse)
		}
	case int64:
		r.Uint(format.DefaultInt)
		r.Int(v)
	case uint64:
		r.Uint(format.DefaultUint)
		r.Uint(v)
	case float64:
		r.Uint(format.DefaultFloat)
		r.Uint(math.Float64bits(v))
	case string:
		r.Uint(format.DefaultString)
		e.str(&r, v)
	default:
		if l, ok := v.([]any); ok && len(l) == 0 {
			r.Uint(format.DefaultList)
			break
		}
		b, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("property %s: %w", p.Name, err)
		}
		r.Uint(format.DefaultJSON)
		e.str(&r, string(b))
	}
	return r, nil
}

func (e *encoder) machines(machines []Machine) {
	var records [][]byte
	for _, m := range machines {
		var r format.Record
		for _, s := range []string{m.Name, m.Alias, m.DefaultCPUType, m.DefaultRAMID} {
			e.str(&r, s)
		}
		r.Int(m.CPUMax)
		r.Uint(bits(m.IsDefault, m.HotpluggableCPUs, m.NUMAMemSupported,
			m.ACPI != nil && *m.ACPI, m.ACPI != nil, m.Deprecated, m.CompatProps != nil))
		r.Uint(uint64(len(m.CompatProps)))
		for _, p := range m.CompatProps {
			e.str(&r, p.Type)
			e.str(&r, p.Property)
			e.str(&r, p.Value)
		}
		records = append(records, r)
	}
	e.w.Table(format.Machines, records)
}

func (e *encoder) meta(s *Source) {
	var version, commands, events, options, human format.Record
	version.Uint(uint64(s.Version.Major))
	version.Uint(uint64(s.Version.Minor))
	version.Uint(uint64(s.Version.Micro))
	e.str(&version, s.Version.Package)
	e.strs(&version, s.Version.Capabilities)
	e.strs(&commands, s.Commands)
	e.strs(&events, s.Events)
	options.Uint(uint64(len(s.Options)))
	for _, o := range s.Options {
		e.str(&options, o.Name)
		options.Uint(bits(o.Argument))
	}
	e.strs(&human, s.HMPCommands)
	e.w.Table(format.Meta, [][]byte{version, commands, events, options, human})
}

func (e *encoder) optionGroups(groups []catalog.OptionGroup) {
	var records [][]byte
	for _, g := range groups {
		var r format.Record
		e.str(&r, g.Option)
		r.Uint(uint64(len(g.Parameters)))
		for _, p := range g.Parameters {
			e.str(&r, p.Name)
			e.str(&r, p.Type)
			e.str(&r, p.Default)
		}
		records = append(records, r)
	}
	e.w.Table(format.CommandLineOptions, records)
}

// bits packs flags in the order of the constants of package format.
func bits(flags ...bool) uint64 {
	var v uint64
	for i, f := range flags {
		if f {
			v |= 1 << i
		}
	}
	return v
}
