package object

import (
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// registerAuthz adds the objects that decide who may connect.
func registerAuthz(t *qom.Types) {
	add(t, qom.TypeInfo{Name: "authz-simple", Parent: "object", ClassInit: requires("identity")})
	add(t, qom.TypeInfo{
		Name: "authz-list", Parent: "object",
		Properties: []*qom.Property{{
			Name: "rules", Type: "QAuthZListRule",
			Get: func(o *qom.Object) (any, error) {
				if v := o.Stored("rules"); v != nil {
					return v, nil
				}
				return []any{}, nil
			},
			Set: setRules,
		}},
	})
	add(t, qom.TypeInfo{Name: "authz-list-file", Parent: "object", ClassInit: with(Behavior{
		Required: []string{"filename"},
		Complete: func(o *qom.Object) error {
			if err := reachable(str(o, "filename")); err != nil {
				return fmt.Errorf("Unable to read '%s': %s", str(o, "filename"), Strerror(err))
			}
			return nil
		}})})
}

// setRules checks a list of {match, policy, format}.
func setRules(o *qom.Object, in qom.Input) error {
	list, ok := in.Raw().([]any)
	if !ok {
		return fmt.Errorf("Invalid parameter type for 'rules', expected: array")
	}
	for i, v := range list {
		at := fmt.Sprintf("rules[%d]", i)
		rule, ok := v.(*qjson.Object)
		if !ok {
			return fmt.Errorf("Invalid parameter type for '%s', expected: object", at)
		}
		for _, name := range []string{"match", "policy"} {
			if !rule.Has(name) {
				return missing(at + "." + name)
			}
		}
		for name, v := range rule.All() {
			var err error
			switch name {
			case "match":
				_, err = qom.Value(v).Str(at + ".match")
			case "policy":
				_, err = qdev.ParseEnum(at+".policy", "QAuthZListPolicy", qom.Value(v))
			case "format":
				_, err = qdev.ParseEnum(at+".format", "QAuthZListFormat", qom.Value(v))
			default:
				err = fmt.Errorf("Parameter '%s.%s' is unexpected", at, name)
			}
			if err != nil {
				return err
			}
		}
	}
	o.Store("rules", list)
	return nil
}
