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
		Name: "authz-list", Parent: "object", Init: initially("policy", "deny"),
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
}

// Authorize asks the object of that id whether somebody may come in. An error
// says that it cannot be asked.
func Authorize(t *qom.Tree, id, identity string) (bool, error) {
	o := Container(t).Child(id)
	switch {
	case o == nil:
		return false, fmt.Errorf("Cannot find QAuthZ object ID %s", id)
	case o.Is("authz-simple"):
		return identity == o.StoredString("identity"), nil
	case o.Is("authz-list"):
		return allowed(o, identity), nil
	}
	return false, fmt.Errorf("Object '%s' is not a QAuthZ subtype", id)
}

// allowed applies the first rule of an authz-list that fits, or else its policy.
func allowed(o *qom.Object, identity string) bool {
	list, _ := o.Stored("rules").([]any)
	for _, v := range list {
		rule := v.(*qjson.Object)
		member := func(name string) string {
			v, _ := rule.Get(name)
			s, _ := v.(string)
			return s
		}
		fits := member("match") == identity
		if member("format") == "glob" {
			fits = glob(member("match"), identity)
		}
		if fits {
			return member("policy") == "allow"
		}
	}
	return o.StoredString("policy") == "allow"
}

// glob is GLib's pattern match: * stands for any characters and ? for one.
func glob(pattern, text string) bool {
	p, s := []rune(pattern), []rune(text)
	star, mark := -1, 0 // the last *, and what it stands for up to now
	for i, j := 0, 0; ; {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case j < len(s) && i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i, j = i+1, j+1
		case j == len(s) && i == len(p):
			return true
		case star >= 0 && mark < len(s):
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
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
