package cpu

import (
	"errors"
	"strings"
	"sync"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// modelKey is the key of a class' model, a func() *model.
type modelKey struct{}

// modelOf returns the model of a processor.
func modelOf(o *qom.Object) *model {
	if read, ok := o.Class().Value(modelKey{}).(func() *model); ok {
		return read()
	}
	return &model{}
}

// sameFeature are features with two names that differ in more than the
// punctuation.
var sameFeature = map[string]string{
	"sse3": "pni", "xd": "nx", "i64": "lm", "pclmuldq": "pclmulqdq", "ffxsr": "fxsr-opt",
	"hv-apicv": "hv-avic",
}

var punctuation = strings.NewReplacer("_", "-", ".", "-")

// plain is what all spellings of a feature have in common.
func plain(name string) string {
	name = punctuation.Replace(name)
	if other, ok := sameFeature[name]; ok {
		return other
	}
	return name
}

// changeable are the properties that may still be set when the processor
// works: QEMU gives them setters of their own, which do not ask.
var changeable = map[string]bool{
	"family": true, "model": true, "stepping": true, "vendor": true, "model-id": true, "tsc-frequency": true,
}

// facts is what the properties of the processors of a catalog have in common.
type facts struct {
	cat *catalog.Catalog
	// features gives the property that keeps a value, by plain name.
	features func() map[string]string
}

func newFacts(cat *catalog.Catalog) facts {
	return facts{cat, sync.OnceValue(func() map[string]string {
		m := map[string]string{}
		for _, p := range cat.Own(TypeName) {
			if key := plain(p.Name); m[key] == "" || p.Name == key {
				m[key] = p.Name
			}
		}
		return m
	})}
}

// addCommon makes the properties of all processors: they show the model's
// values until something is set.
func (f facts) addCommon(c *qom.Class) {
	var list []*qom.Property
	for _, fact := range f.cat.Own(TypeName) {
		if p := f.special(fact); p != nil {
			list = append(list, p)
			continue
		}
		p := qdev.NewProperty(fact, !changeable[fact.Name])
		if p.IsLink() || p.Get == nil {
			continue
		}
		p.Replaceable = false
		limit(p)
		kept := p.Get
		p.Get = func(o *qom.Object) (any, error) {
			if !o.HasStored(fact.Name) {
				if v, ok := modelOf(o).value(fact.Name); ok {
					return v, nil
				}
			}
			return kept(o)
		}
		list = append(list, p)
	}
	c.AddProperties(list)
}

// addModel makes what a model's class has of its own: further names of
// features, which QEMU adds to each object.
func (f facts) addModel(c *qom.Class, typ string) {
	c.SetValue(modelKey{}, newModel(f.cat, typ))
	var list []*qom.Property
	for _, fact := range f.cat.Own(typ) {
		if p := f.special(fact); p != nil {
			list = append(list, p)
		}
	}
	c.AddProperties(list)
}

// special makes a property that does not keep a value of its own; nil where
// fact is not of one.
func (f facts) special(fact catalog.Property) *qom.Property {
	p := &qom.Property{Name: fact.Name, Type: fact.Type}
	switch keeper := f.features()[plain(fact.Name)]; {
	case fact.Name == "unavailable-features":
		p.Get = func(o *qom.Object) (any, error) { return modelOf(o).unavailable, nil }
	case fact.Name == "crash-information":
		p.Get = func(*qom.Object) (any, error) { return nil, errors.New("No crash occurred") }
	case keeper != "" && keeper != fact.Name:
		p.Get = func(o *qom.Object) (any, error) { return o.Get(keeper) }
		p.Set = func(o *qom.Object, in qom.Input) error { return o.Set(keeper, in) }
	default:
		return nil
	}
	return p
}
