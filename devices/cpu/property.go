package cpu

import (
	"errors"
	"strings"
	"sync"

	"github.com/qomd/qomd/devices/catalog"
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

// Fixed tells whether a property of processors cannot be set any more when the
// processor works. QEMU gives the others setters of their own, which do not ask.
func Fixed(property string) bool {
	switch property {
	case "family", "model", "stepping", "vendor", "model-id", "tsc-frequency":
		return false
	}
	return true
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

// replaceCommon makes the properties of all processors: they show the model's
// values until something is set.
func (f facts) replaceCommon(c *qom.Class) {
	c.ReplaceProperties(func(p *qom.Property) *qom.Property {
		if q := f.special(p); q != nil {
			return q
		}
		if p.IsLink() || p.Get == nil {
			return p
		}
		q := *p
		q.Replaceable = false
		limit(&q)
		q.Get = func(o *qom.Object) (any, error) {
			if !o.HasStored(p.Name) {
				if v, ok := modelOf(o).value(p.Name); ok {
					return v, nil
				}
			}
			return p.Get(o)
		}
		return &q
	})
}

// replaceModel makes what a model's class has of its own: further names of
// features, which QEMU adds to each object.
func (f facts) replaceModel(c *qom.Class, typ string) {
	c.SetValue(modelKey{}, newModel(f.cat, typ))
	c.ReplaceProperties(func(p *qom.Property) *qom.Property {
		if q := f.special(p); q != nil {
			return q
		}
		return p
	})
}

// special makes a property that does not keep a value of its own; nil where
// fact is not of one.
func (f facts) special(fact *qom.Property) *qom.Property {
	p := &qom.Property{Name: fact.Name, Type: fact.Type, Default: fact.Default, HasDefault: fact.HasDefault}
	switch keeper := f.features()[plain(fact.Name)]; {
	case fact.Name == "unavailable-features":
		p.Get = func(o *qom.Object) (any, error) { return modelOf(o).unavailable, nil }
	case fact.Name == "crash-information":
		p.Get = func(*qom.Object) (any, error) { return nil, errors.New("No crash occurred") }
	case fact.Name == "feature-words" || fact.Name == "filtered-features":
		p.Get = func(*qom.Object) (any, error) { return nil, nil }
	case keeper != "" && keeper != fact.Name:
		p.Get = func(o *qom.Object) (any, error) { return o.Get(keeper) }
		p.Set = func(o *qom.Object, in qom.Input) error { return o.Set(keeper, in.As(fact.Name)) }
	default:
		return nil
	}
	return p
}
