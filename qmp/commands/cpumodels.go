package commands

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
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
	result := qjson.AsInserted(v).(*qjson.Object)
	model, _ := result.Get("model")
	props, _ := model.(*qjson.Object).Get("props")
	return result, c.overrideProps(props.(*qjson.Object), a.Model)
}

// overrideProps sets what the caller gave, as it would be set of a processor of
// that model.
func (c *Commands) overrideProps(props *qjson.Object, m cpuModel) error {
	if m.Props == nil {
		return nil
	}
	set, ok := m.Props.(*qjson.Object)
	if !ok {
		return errors.New("Invalid parameter type for 'model.props', expected: object")
	}
	tree := c.m.Env().Tree
	class := tree.Types.Class(m.Name + "-x86_64-cpu")
	if class == nil {
		return fmt.Errorf("CPU model '%s' not found", m.Name)
	}
	o := tree.NewClass(class)
	defer o.Unref()
	for name, v := range set.Hashed() {
		if err := o.Set(name, qom.Value(v).Under("model.props.")); err != nil {
			return err
		}
		now, err := o.Get(name)
		if err != nil {
			return err
		}
		props.Set(name, now)
	}
	return nil
}
