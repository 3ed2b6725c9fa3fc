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

// typeName is an entry of qom-list-types.
type typeName struct {
	Name, Parent string
	Abstract     bool
}

// typesLike lists the types that are or implement the named one, all for "".
func (c *capture) typesLike(name string) ([]typeName, error) {
	args := map[string]any{"abstract": true}
	if name != "" {
		args["implements"] = name
	}
	var list []typeName
	err := c.ask("qom-list-types", args, &list)
	slices.SortFunc(list, func(a, b typeName) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// rootInterface is the ancestor of all interfaces.
const rootInterface = "interface"

// types asks for every type: its ancestors, interfaces and properties.
func (c *capture) types() error {
	c.modules = true
	all, err := c.typesLike("")
	if err != nil {
		return err
	}
	types, index := make([]build.Type, len(all)), map[string]int{}
	for i, t := range all {
		types[i] = build.Type{Name: t.Name, Abstract: t.Abstract}
		index[t.Name] = i
	}
	for i := range types {
		for parent := all[i].Parent; parent != ""; parent = all[index[parent]].Parent {
			types[i].Parents = append(types[i].Parents, parent)
		}
		types[i].Interface = slices.Contains(types[i].Parents, rootInterface)
	}
	for _, iface := range types {
		if !iface.Interface {
			continue
		}
		having, err := c.typesLike(iface.Name)
		if err != nil {
			return err
		}
		for _, t := range having {
			if typ := &types[index[t.Name]]; !typ.Interface {
				typ.Interfaces = append(typ.Interfaces, iface.Name)
			}
		}
	}
	c.source.Types = types
	return each(c, "types", types, func(t build.Type) error { return c.properties(&types[index[t.Name]]) })
}

// properties asks for the two lists of properties of a type.
func (c *capture) properties(t *build.Type) (err error) {
	if t.Properties, t.HasList, t.Unknown, err = c.list("qom-list-properties", t.Name); err != nil {
		return err
	}
	if t.Abstract || t.Name != "device" && !slices.Contains(t.Parents, "device") {
		return nil
	}
	t.Device, t.HasDevice, t.DeviceUnknown, err = c.list("device-list-properties", t.Name)
	return err
}

// list asks for one list of properties. What QEMU gives in its place, an error
// or its death, is returned as JSON.
func (c *capture) list(command, typ string) (list []catalog.Property, ok bool, instead string, err error) {
	var raw json.RawMessage
	err = c.ask(command, map[string]string{"typename": typ}, &raw)
	var refused *qmp.Error
	var died *deathError
	switch {
	case errors.As(err, &refused):
		instead, err = marshal(map[string]any{"error": refused})
	case errors.As(err, &died):
		instead, err = marshal(map[string]any{"crash": map[string]any{"status": died.Status, "stderr": died.Stderr}})
	case err == nil:
		list, err = build.Properties(raw)
		return list, err == nil, "", err
	}
	return nil, false, instead, err
}

// marshal is json.Marshal without escapes for HTML.
func marshal(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}
