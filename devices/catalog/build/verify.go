package build

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/qomd/qomd/devices/catalog"
)

// Verify tells whether a catalog says exactly what the source says; the error
// names the first difference. It is how program gen knows that packing lost
// nothing.
func (s *Source) Verify(c *catalog.Catalog) error {
	if got := c.Version(); !reflect.DeepEqual(got, s.Version) {
		return fmt.Errorf("version is %v, not %v", got, s.Version)
	}
	if !slices.Equal(c.Commands(), s.Commands) || !slices.Equal(c.Events(), s.Events) {
		return fmt.Errorf("commands or events differ")
	}
	if !slices.Equal(c.Options(), s.Options) || !slices.Equal(c.HMPCommands(), s.HMPCommands) {
		return fmt.Errorf("options or commands of the human monitor differ")
	}
	if c.NumTypes() != len(s.Types) {
		return fmt.Errorf("%d types, not %d", c.NumTypes(), len(s.Types))
	}
	for _, t := range s.Types {
		if err := verifyType(c, t); err != nil {
			return fmt.Errorf("type %s: %w", t.Name, err)
		}
		d, ok := c.Device(t.Name)
		want, wantOK := s.Devices[t.Name]
		if ok != wantOK || !reflect.DeepEqual(d, want) {
			return fmt.Errorf("device %s is %+v, not %+v", t.Name, d, want)
		}
	}
	for _, m := range s.Machines {
		if err := verifyMachine(c, m); err != nil {
			return fmt.Errorf("machine %s: %w", m.Name, err)
		}
	}
	return s.verifyJSON(c)
}

func verifyType(c *catalog.Catalog, t Type) error {
	got, ok := c.Type(t.Name)
	if !ok {
		return fmt.Errorf("is missing")
	}
	if got.Abstract != t.Abstract || got.IsInterface != t.Interface || got.Parent != first(t.Parents) ||
		!slices.Equal(got.Parents, t.Parents) || !slices.Equal(got.Interfaces, t.Interfaces) {
		return fmt.Errorf("ancestry differs: %+v", got)
	}
	inDevice := map[string]bool{}
	for _, p := range t.Device {
		inDevice[p.Name] = true
	}
	if err := verifyList(got.Properties, t.Properties, inDevice); err != nil {
		return err
	}
	device, unknown := c.DeviceProperties(t.Name)
	if err := verifyList(device, t.Device, inDevice); err != nil {
		return fmt.Errorf("as device: %w", err)
	}
	if got.Unknown != t.Unknown || unknown != t.DeviceUnknown {
		return fmt.Errorf("unknown lists differ")
	}
	if got.IsDevice != (t.HasDevice || t.DeviceUnknown != "") {
		return fmt.Errorf("is a concrete device or not")
	}
	return nil
}

func verifyList(got, want []catalog.Property, inDevice map[string]bool) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d properties, not %d", len(got), len(want))
	}
	for i, p := range want {
		p.Device = inDevice[p.Name]
		if !reflect.DeepEqual(got[i], p) {
			return fmt.Errorf("property %d is %+v, not %+v", i, got[i], p)
		}
	}
	return nil
}

func verifyMachine(c *catalog.Catalog, m Machine) error {
	got, ok := c.Machine(m.Name)
	if !ok {
		return fmt.Errorf("is missing")
	}
	if got.Alias != m.Alias || got.DefaultCPUType != m.DefaultCPUType || got.DefaultRAMID != m.DefaultRAMID ||
		got.CPUMax != m.CPUMax || got.IsDefault != m.IsDefault || got.HotpluggableCPUs != m.HotpluggableCPUs ||
		got.NUMAMemSupported != m.NUMAMemSupported || got.Deprecated != m.Deprecated ||
		got.ACPITold != (m.ACPI != nil) || got.ACPITold && got.ACPI != *m.ACPI {
		return fmt.Errorf("is %+v", got)
	}
	props, told := c.CompatProps(m.Name)
	if told != (m.CompatProps != nil) || len(props) != len(m.CompatProps) {
		return fmt.Errorf("%d compatibility properties, not %d", len(props), len(m.CompatProps))
	}
	for i, p := range m.CompatProps {
		if props[i] != catalog.CompatProp(p) {
			return fmt.Errorf("compatibility property %d is %v, not %v", i, props[i], p)
		}
	}
	return nil
}

func (s *Source) verifyJSON(c *catalog.Catalog) error {
	for _, j := range []struct {
		name string
		get  func() ([]byte, error)
		want any
	}{
		{"schema", c.SchemaJSON, s.Schema},
		{"CPU definitions", func() ([]byte, error) { return json.Marshal(c.CPUDefinitions()) }, s.CPUDefinitions},
		{"CPU model expansions", func() ([]byte, error) { return json.Marshal(c.CPUModelExpansion()) }, s.CPUExpansions},
		{"command line options", func() ([]byte, error) { return json.Marshal(c.OptionGroups()) }, s.OptionGroups},
		{"places for processors", c.CPUSlotsJSON, s.CPUSlots},
	} {
		got, err := j.get()
		if err != nil {
			return fmt.Errorf("%s: %w", j.name, err)
		}
		want, err := json.Marshal(j.want)
		if err != nil {
			return fmt.Errorf("%s: %w", j.name, err)
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s differ", j.name)
		}
	}
	return nil
}
