package daemon

import (
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
)

// policy reads the members of -compat; nil when all is accepted. To crash is to
// end the one machine, as QEMU's abort does.
func (vm *VM) policy(o *qjson.Object, cat *catalog.Catalog) *schema.Policy {
	if o == nil && !earlier(cat) {
		return nil
	}
	is := func(name, value string) bool {
		v, _ := o.Get(name)
		return v == value
	}
	p := &schema.Policy{
		HideUnknown:      earlier(cat),
		RejectDeprecated: is("deprecated-input", "reject"), RejectUnstable: is("unstable-input", "reject"),
		CrashDeprecated: is("deprecated-input", "crash"), CrashUnstable: is("unstable-input", "crash"), Crash: vm.crash,
		HideDeprecated: is("deprecated-output", "hide"), HideUnstable: is("unstable-output", "hide"),
	}
	vm.mayCrash = p.CrashDeprecated || p.CrashUnstable
	return p
}

// earlier reports whether a catalog is of an earlier version than the one that
// the commands are written after.
func earlier(cat *catalog.Catalog) bool { return cat.UpTo(11, 0) }

// words puts errors as the version does; nil where they are as they were written.
func words(cat *catalog.Catalog) func(string) string {
	if !earlier(cat) {
		return nil
	}
	return cat.Words
}
