package lifetime

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/qom"
)

// Rules are the model of a machine, and policies for single types and their
// descendants.
type Rules struct {
	Model Model
	Types map[string]qom.Policy
}

// ParseRules reads rules as configurations have them: a model, then types with
// the policy of a model after a colon, separated by plus signs, as in
// "storage-ref+qemu-xhci:aggregate". Each part may be left out.
func ParseRules(text string) (Rules, error) {
	var r Rules
	for i, part := range strings.Split(text, "+") {
		typ, name, perType := strings.Cut(part, ":")
		if !perType {
			if i > 0 {
				return r, fmt.Errorf("lifetime '%s' has more than one model", text)
			}
			typ, name = "", part
		}
		m, err := Parse(name)
		if err != nil {
			return r, err
		}
		switch {
		case !perType:
			r.Model = m
		case typ == "" || name == "" || m == QEMU72:
			return r, fmt.Errorf("lifetime '%s' has no policy for a type in '%s'", text, part)
		default:
			if r.Types == nil {
				r.Types = map[string]qom.Policy{}
			}
			r.Types[typ] = m.Policy()
		}
	}
	return r, nil
}

// Apply makes them the rules of a tree that has no objects but its root.
func (r Rules) Apply(t *qom.Tree) {
	t.Policy = r.Model.Policy()
	if r.Types == nil {
		return
	}
	t.PolicyOf = func(c *qom.Class) qom.Policy {
		for k := c; k != nil; k = k.Parent() {
			if p, ok := r.Types[k.Name()]; ok {
				return p
			}
		}
		return qom.TreePolicy
	}
}
