package cpu

import (
	"strings"
	"sync"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
)

// typeSuffix follows the model in the name of its type.
const typeSuffix = "-x86_64-cpu"

// model is what the catalog knows of a CPU model.
type model struct {
	props       *qjson.Object // of the full expansion; nil when none was recorded
	unavailable []any         // names of features the recorded host had not
}

// newModel returns a function that reads a model when it is called first. A
// model without a recording keeps the defaults of its type.
func newModel(cat *catalog.Catalog, typ string) func() *model {
	return sync.OnceValue(func() *model {
		m := &model{unavailable: []any{}}
		name := strings.TrimSuffix(typ, typeSuffix)
		if d, ok := cat.CPUDefinition(typ); ok {
			for _, f := range d.UnavailableFeatures {
				m.unavailable = append(m.unavailable, f)
			}
		}
		text, ok := cat.CPUModelReply(name, "full")
		if !ok {
			return m
		}
		v, err := qjson.Parse(text)
		for _, member := range []string{"return", "model", "props"} {
			object, ok := v.(*qjson.Object)
			if err != nil || !ok {
				return m
			}
			v, _ = object.Get(member)
		}
		m.props, _ = v.(*qjson.Object)
		return m
	})
}

// value returns the model's value of a property.
func (m *model) value(name string) (any, bool) {
	if m.props == nil {
		return nil, false
	}
	return m.props.Get(name)
}
