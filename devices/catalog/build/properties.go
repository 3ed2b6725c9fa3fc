package build

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
)

// Properties decodes a list of properties, as qom-list-properties returns it,
// and sorts it by name.
func Properties(raw json.RawMessage) ([]catalog.Property, error) {
	var entries []struct {
		Name    string
		Type    string
		Default *json.RawMessage `json:"default-value"`
	}
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, fmt.Errorf("property list: %w", err)
	}
	list := make([]catalog.Property, 0, len(entries))
	for _, e := range entries {
		p := catalog.Property{Name: e.Name, Type: e.Type}
		if e.Default != nil {
			p.HasDefault = true
			var err error
			if p.Default, err = Value(*e.Default); err != nil {
				return nil, fmt.Errorf("property %s: %w", e.Name, err)
			}
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b catalog.Property) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
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
