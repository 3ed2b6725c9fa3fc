package commands

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// cpuModels registers the CPU model commands of qapi/machine-target.json.
func (c *Commands) cpuModels() {
	qmp.Register(c.set, "query-cpu-model-expansion", 0, c.expandCPUModel)
}

type cpuModel struct {
	Name  string `json:"name"`
	Props any    `json:"props"`
}

type expansionArgs struct {
	Type  string   `json:"type"`
	Model cpuModel `json:"model"`
}

// expandCPUModel answers with the recorded expansion of the model; properties
// that the caller sets replace those of the model.
func (c *Commands) expandCPUModel(_ *qmp.Call, a expansionArgs) (*qjson.Object, error) {
	reply, ok := c.m.Options().Catalog.CPUModelReply(a.Model.Name, a.Type)
	if !ok {
		return nil, fmt.Errorf("CPU model '%s' not found", a.Model.Name)
	}
	var answer struct {
		Error  *qmp.Error      `json:"error"`
		Return json.RawMessage `json:"return"`
	}
	if err := json.Unmarshal(reply, &answer); err != nil {
		return nil, err
	}
	if answer.Error != nil {
		return nil, answer.Error
	}
	v, err := qjson.Parse(answer.Return)
	if err != nil {
		return nil, err
	}
	result := asInserted(v).(*qjson.Object)
	set, _ := a.Model.Props.(*qjson.Object)
	if set == nil {
		return result, nil
	}
	model, _ := result.Get("model")
	props, _ := model.(*qjson.Object).Get("props")
	return result, overrideProps(props.(*qjson.Object), set, a.Model.Name)
}

// overrideProps sets what the caller gave, which must be properties of the
// model and of their type.
func overrideProps(props, set *qjson.Object, model string) error {
	for name, v := range set.All() {
		old, known := props.Get(name)
		if !known {
			return fmt.Errorf("Property '%s-x86_64-cpu.%s' not found", model, name)
		}
		if _, isBool := old.(bool); isBool {
			if _, ok := v.(bool); !ok {
				return errors.New("Invalid parameter type for '" + name + "', expected: boolean")
			}
		}
		props.Set(name, v)
	}
	return nil
}

// asInserted turns around the order of members, at every level: a recorded
// reply has them in the order of QEMU's hash table, in which the last one that
// went into a bucket comes first. Written again they come out as recorded.
func asInserted(v any) any {
	switch v := v.(type) {
	case *qjson.Object:
		names := []string{}
		for name := range v.All() {
			names = append(names, name)
		}
		o := qjson.NewObject()
		for _, name := range slices.Backward(names) {
			member, _ := v.Get(name)
			o.Set(name, asInserted(member))
		}
		return o
	case []any:
		for i := range v {
			v[i] = asInserted(v[i])
		}
	}
	return v
}
