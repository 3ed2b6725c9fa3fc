package commands

import (
	"errors"
	"slices"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// qom registers qapi/qom.json and device-list-properties of qapi/qdev.json.
func (c *Commands) qom() {
	qmp.Register(c.set, "qom-list", 0, c.qomList)
	qmp.Register(c.set, "qom-get", 0, c.qomGet)
	qmp.Register(c.set, "qom-set", 0, c.qomSet)
	qmp.Register(c.set, "qom-list-get", 0, c.qomListGet)
	qmp.Register(c.set, "qom-list-types", 0, c.qomListTypes)
	qmp.Register(c.set, "qom-list-properties", 0, c.qomListProperties)
	qmp.Register(c.set, "device-list-properties", 0, c.deviceListProperties)
	qmp.RegisterRaw(c.set, "object-add", 0, c.objectAdd)
	qmp.Register(c.set, "object-del", 0, c.objectDel)
}

// resolve finds the object of a path. Only qom-list says that a path is
// ambiguous; the others, as QEMU's, do not find it then.
func (c *Commands) resolve(path string, tellAmbiguous bool) (*qom.Object, error) {
	o, ambiguous := c.m.Tree().Resolve(path, "")
	if ambiguous && tellAmbiguous {
		return nil, &qom.AmbiguousPathError{Path: path}
	}
	if o == nil {
		return nil, qmp.Errorf(qmp.DeviceNotFound, "Device '%s' not found", path)
	}
	return o, nil
}

type pathArgs struct {
	Path string `json:"path"`
}

// propertyInfo is QEMU's ObjectPropertyInfo.
type propertyInfo struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Default *any   `json:"default-value,omitempty"` // nil: left out; may point to null
}

func (c *Commands) qomList(_ *qmp.Call, a pathArgs) ([]propertyInfo, error) {
	o, err := c.resolve(a.Path, true)
	if err != nil {
		return nil, err
	}
	list := []propertyInfo{}
	for _, p := range o.Listing() {
		list = append(list, propertyInfo{Name: p.Name, Type: p.Type})
	}
	return list, nil
}

type getArgs struct {
	Path     string `json:"path"`
	Property string `json:"property"`
}

func (c *Commands) qomGet(_ *qmp.Call, a getArgs) (any, error) {
	o, err := c.resolve(a.Path, false)
	if err != nil {
		return nil, err
	}
	v, err := o.Get(a.Property)
	if err != nil {
		return nil, wireError(err)
	}
	return v, nil
}

type setArgs struct {
	Path     string `json:"path"`
	Property string `json:"property"`
	Value    any    `json:"value"`
}

func (c *Commands) qomSet(_ *qmp.Call, a setArgs) (none, error) {
	o, err := c.resolve(a.Path, false)
	if err != nil {
		return none{}, err
	}
	return none{}, wireError(o.Set(a.Property, qom.Value(a.Value)))
}

type listGetArgs struct {
	Paths []string `json:"paths"`
}

// propertyValue is QEMU's ObjectPropertyValue; the value of a property that
// cannot be read is left out.
type propertyValue struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value *any   `json:"value,omitempty"`
}

type propertiesValues struct {
	Properties []propertyValue `json:"properties"`
}

func (c *Commands) qomListGet(_ *qmp.Call, a listGetArgs) ([]propertiesValues, error) {
	all := []propertiesValues{}
	for _, path := range a.Paths {
		o, err := c.resolve(path, true)
		if err != nil {
			return nil, err
		}
		list := []propertyValue{}
		for _, p := range o.Listing() {
			pv := propertyValue{Name: p.Name, Type: p.Type}
			if v, err := o.Get(p.Name); err == nil {
				pv.Value = &v
			}
			list = append(list, pv)
		}
		all = append(all, propertiesValues{list})
	}
	return all, nil
}

type listTypesArgs struct {
	Implements *string `json:"implements"`
	Abstract   bool    `json:"abstract"`
}

// typeInfo is QEMU's ObjectTypeInfo.
type typeInfo struct {
	Name     string `json:"name"`
	Abstract bool   `json:"abstract,omitempty"`
	Parent   string `json:"parent,omitempty"`
}

// qomListTypes lists what the QEMU of the catalog has. Types that only qomd has
// are named when somebody asks for one of them, and not otherwise: a client
// that compares lists finds what it expects.
func (c *Commands) qomListTypes(_ *qmp.Call, a listTypesArgs) ([]typeInfo, error) {
	types, cat := c.m.Tree().Types, c.m.Options().Catalog
	list := []typeInfo{}
	ours := false
	if a.Implements != nil {
		if types.Class(*a.Implements) == nil {
			return list, nil
		}
		_, known := cat.Type(*a.Implements)
		ours = !known
	}
	for name := range types.Names() {
		class := types.Class(name)
		if _, known := cat.Type(name); known == ours {
			continue
		}
		if class.Abstract() && !a.Abstract || a.Implements != nil && !class.Casts(*a.Implements) {
			continue
		}
		t := typeInfo{Name: name, Abstract: class.Abstract()}
		if p := class.Parent(); p != nil {
			t.Parent = p.Name()
		}
		list = append(list, t)
	}
	order := types.ListingOrder()
	slices.SortFunc(list, func(a, b typeInfo) int { return order[a.Name] - order[b.Name] })
	return list, nil
}

type typenameArgs struct {
	Typename string `json:"typename"`
}

func (c *Commands) qomListProperties(_ *qmp.Call, a typenameArgs) ([]propertyInfo, error) {
	class := c.m.Tree().Types.Class(a.Typename)
	if class == nil {
		return nil, qmp.Errorf(qmp.DeviceNotFound, "Class '%s' not found", a.Typename)
	}
	if !class.Is("object") {
		return nil, errors.New("Parameter 'typename' expects a QOM type")
	}
	if t, ok := c.m.Options().Catalog.Type(a.Typename); ok && t.Properties != nil {
		return propertyInfos(t.Properties), nil
	}
	return classProperties(class), nil
}

func (c *Commands) deviceListProperties(_ *qmp.Call, a typenameArgs) ([]propertyInfo, error) {
	class := c.m.Tree().Types.Class(a.Typename)
	if class == nil {
		return nil, qmp.Errorf(qmp.DeviceNotFound, "Device '%s' not found", a.Typename)
	}
	if !class.Is("device") || class.Abstract() {
		return nil, errors.New("Parameter 'typename' expects a non-abstract device type")
	}
	list, _ := c.m.Options().Catalog.DeviceProperties(a.Typename)
	return propertyInfos(list), nil
}

// propertyInfos prints the catalog's facts.
func propertyInfos(facts []catalog.Property) []propertyInfo {
	list := make([]propertyInfo, 0, len(facts))
	for _, p := range facts {
		list = append(list, newPropertyInfo(p.Name, p.Type, p.Default, p.HasDefault))
	}
	return list
}

// classProperties prints the properties of a type that the catalog lacks.
func classProperties(class *qom.Class) []propertyInfo {
	list := []propertyInfo{}
	for p := range class.Properties() {
		list = append(list, newPropertyInfo(p.Name, p.Type, p.Default, p.HasDefault))
	}
	return list
}

func newPropertyInfo(name, typ string, def any, has bool) propertyInfo {
	info := propertyInfo{Name: name, Type: typ}
	if has {
		info.Default = &def
	}
	return info
}

func (c *Commands) objectAdd(_ *qmp.Call, args *qjson.Object) (any, error) {
	r, err := object.NewRequest(args, false)
	if err != nil {
		return nil, err
	}
	_, err = object.Add(c.m.Env(), r)
	return nil, wireError(err)
}

type idArgs struct {
	ID string `json:"id"`
}

func (c *Commands) objectDel(_ *qmp.Call, a idArgs) (none, error) {
	return none{}, wireError(object.Del(c.m.Env(), a.ID))
}
