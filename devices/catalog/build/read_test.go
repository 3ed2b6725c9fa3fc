package build_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/build"
)

// small is a source of a few types, read from a folder of recorded answers.
func small(t *testing.T) *build.Source {
	t.Helper()
	s := &build.Source{}
	var version struct {
		Greeting struct {
			QMP struct {
				Version struct {
					QEMU    struct{ Major, Minor, Micro int }
					Package string
				}
				Capabilities []string
			}
		}
	}
	var compat []build.Machine
	qom, device := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	var observed []struct {
		Type string
		catalog.DeviceFacts
	}
	for file, into := range map[string]any{
		"version.json":                           &version,
		"commands.json":                          &s.Commands,
		"events.json":                            &s.Events,
		"types.json":                             &s.Types,
		"machines.json":                          &s.Machines,
		"schema.json":                            &s.Schema,
		"cpu-definitions.json":                   &s.CPUDefinitions,
		"cpu-model-expansion.json":               &s.CPUExpansions,
		"command-line-options.json":              &s.OptionGroups,
		"machine-compat-props.json":              &compat,
		"facts.json":                             &observed,
		"properties/qom-list-properties.json":    &qom,
		"properties/device-list-properties.json": &device,
	} {
		b, err := os.ReadFile(filepath.Join("testdata/small", file))
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	q := version.Greeting.QMP
	s.Version = catalog.Version{
		Major: q.Version.QEMU.Major, Minor: q.Version.QEMU.Minor, Micro: q.Version.QEMU.Micro,
		Package: q.Version.Package, Capabilities: q.Capabilities,
	}
	s.Options = []catalog.Option{{Name: "S"}, {Name: "machine", Argument: true}}
	s.HMPCommands = []string{"cont|c", "info balloon"}
	s.CPUSlots = []catalog.CPUSlots{{Machine: "pc", Slots: []catalog.CPUSlot{{Type: "486-x86_64-cpu", VCPUs: 1}}}}
	s.Devices = map[string]catalog.DeviceFacts{}
	for _, o := range observed {
		s.Devices[o.Type] = o.DeviceFacts
	}
	for i := range s.Machines {
		s.Machines[i].CompatProps = compat[i].CompatProps
	}
	for i := range s.Types {
		typ := &s.Types[i]
		typ.Properties, typ.HasList, typ.Unknown = list(t, qom[typ.Name])
		typ.Device, typ.HasDevice, typ.DeviceUnknown = list(t, device[typ.Name])
	}
	return s
}

// list decodes a recorded list; an object in its place is what QEMU gave
// instead.
func list(t *testing.T, raw json.RawMessage) (props []catalog.Property, ok bool, instead string) {
	if len(raw) == 0 {
		return nil, false, ""
	}
	if raw[0] == '{' {
		return nil, false, string(raw)
	}
	props, err := build.Properties(raw)
	if err != nil {
		t.Fatal(err)
	}
	return props, true, ""
}
