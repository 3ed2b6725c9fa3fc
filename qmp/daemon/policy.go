package daemon

import (
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
)

// policy reads the members of -compat; nil when all is accepted. To crash is to
// reject here: one client does not end the machines of others.
func policy(o *qjson.Object) *schema.Policy {
	if o == nil {
		return nil
	}
	is := func(name string, values ...string) bool {
		v, _ := o.Get(name)
		for _, s := range values {
			if v == s {
				return true
			}
		}
		return false
	}
	return &schema.Policy{
		RejectDeprecated: is("deprecated-input", "reject", "crash"), RejectUnstable: is("unstable-input", "reject", "crash"),
		HideDeprecated: is("deprecated-output", "hide"), HideUnstable: is("unstable-output", "hide"),
	}
}
