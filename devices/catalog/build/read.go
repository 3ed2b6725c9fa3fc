package build

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
)

// FromDir reads a folder of recorded answers: version.json, schema.json,
// commands.json, events.json, types.json, machines.json,
// cpu-definitions.json, cpu-model-expansion.json, command-line-options.json,
// properties/{qom,device}-list-properties*.json, and, where the QEMU reports
// them, machine-compat-props.json. Files may be compressed (".gz").
func FromDir(dir string) (*Source, error) {
	s := &Source{}
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
	for file, into := range map[string]any{
		"version.json":              &version,
		"commands.json":             &s.Commands,
		"events.json":               &s.Events,
		"types.json":                &s.Types,
		"machines.json":             &s.Machines,
		"schema.json":               &s.Schema,
		"cpu-definitions.json":      &s.CPUDefinitions,
		"cpu-model-expansion.json":  &s.CPUExpansions,
		"command-line-options.json": &s.CommandLineOptions,
	} {
		if err := readJSON(filepath.Join(dir, file), into); err != nil {
			return nil, err
		}
	}
	q := version.Greeting.QMP
	s.Version = catalog.Version{
		Major: q.Version.QEMU.Major, Minor: q.Version.QEMU.Minor, Micro: q.Version.QEMU.Micro,
		Package: q.Version.Package, Capabilities: q.Capabilities,
	}
	if err := s.readCompat(filepath.Join(dir, "machine-compat-props.json")); err != nil {
		return nil, err
	}
	return s, s.readProperties(filepath.Join(dir, "properties"))
}

func (s *Source) readCompat(path string) error {
	var list []Machine
	if err := readJSON(path, &list); errors.Is(err, fs.ErrNotExist) {
		return nil // this QEMU does not report them
	} else if err != nil {
		return err
	}
	byName := map[string][]CompatProp{}
	for _, m := range list {
		byName[m.Name] = m.CompatProps
	}
	for i := range s.Machines {
		props, ok := byName[s.Machines[i].Name]
		if ok && props == nil {
			props = []CompatProp{}
		}
		s.Machines[i].CompatProps = props
	}
	return nil
}

func (s *Source) readProperties(dir string) error {
	qom, err := readLists(dir, "qom-list-properties")
	if err != nil {
		return err
	}
	device, err := readLists(dir, "device-list-properties")
	if err != nil {
		return err
	}
	for i := range s.Types {
		t := &s.Types[i]
		if t.Properties, t.HasList, t.Unknown, err = properties(qom[t.Name]); err != nil {
			return fmt.Errorf("type %s: %w", t.Name, err)
		}
		if t.Device, t.HasDevice, t.DeviceUnknown, err = properties(device[t.Name]); err != nil {
			return fmt.Errorf("type %s: %w", t.Name, err)
		}
	}
	return nil
}

// readLists merges every file of one kind; types are spread over several.
func readLists(dir, prefix string) (map[string]json.RawMessage, error) {
	files, err := filepath.Glob(filepath.Join(dir, prefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("find property lists: %w", err)
	}
	all := map[string]json.RawMessage{}
	for _, file := range files {
		part := map[string]json.RawMessage{}
		if err := readJSON(file, &part); err != nil {
			return nil, err
		}
		maps.Copy(all, part)
	}
	return all, nil
}

// properties decodes a recorded list; an object in its place is what QEMU gave
// instead.
func properties(raw json.RawMessage) (list []catalog.Property, ok bool, unknown string, err error) {
	if len(raw) == 0 {
		return nil, false, "", nil
	}
	if raw[0] != '[' {
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return nil, false, "", fmt.Errorf("property list: %w", err)
		}
		return nil, false, b.String(), nil
	}
	var entries []struct {
		Name    string
		Type    string
		Default *json.RawMessage `json:"default-value"`
	}
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, false, "", fmt.Errorf("property list: %w", err)
	}
	for _, e := range entries {
		p := catalog.Property{Name: e.Name, Type: e.Type}
		if e.Default != nil {
			p.HasDefault = true
			if p.Default, err = Value(*e.Default); err != nil {
				return nil, false, "", fmt.Errorf("property %s: %w", e.Name, err)
			}
		}
		list = append(list, p)
	}
	return list, true, "", nil
}

// Value decodes a JSON value the way catalogs hold defaults: whole numbers as
// int64, or uint64 above its range, so that none loses digits.
func Value(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	n, ok := v.(json.Number)
	if !ok {
		return v, nil
	}
	var u uint64
	if i, err := n.Int64(); err == nil {
		return i, nil
	} else if json.Unmarshal(raw, &u) == nil {
		return u, nil
	}
	f, err := n.Float64()
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	return f, nil
}

func readJSON(path string, into any) error {
	b, err := os.ReadFile(path)
	if err == nil && strings.HasSuffix(path, ".gz") {
		b, err = gunzip(b)
	}
	if err != nil {
		return fmt.Errorf("read recorded answers: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func gunzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("inflate: %w", err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("inflate: %w", err)
	}
	return plain, nil
}
