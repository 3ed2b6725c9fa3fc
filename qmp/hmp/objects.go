package hmp

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// objectRows are the commands that make and remove objects.
func objectRows() []*command {
	return []*command{
		{names: "object_add", args: "object:S", params: "[qom-type=]type,id=str[,prop=value][,...]",
			help: "make an object", qmp: "object-add", run: objectAdd, complete: completeObjectType},
		{names: "object_del", args: "id:s", params: "id", help: "remove an object", qmp: "object-del",
			run: forward("object-del", "id"),
			complete: func(c *completer, words []string) {
				if len(words) != 2 {
					return
				}
				for _, o := range c.h.m.Objects().Children() {
					if o.Is("user-creatable") {
						c.propose(o.Name(), words[1])
					}
				}
			}},
	}
}

func objectAdd(r *run) error {
	given := r.args.text("object")
	if strings.HasPrefix(given, "{") {
		return r.objectAddJSON(given)
	}
	args, help, err := config.ParseKeyval(given, "qom-type")
	if err != nil {
		return err
	}
	if help {
		r.objectHelp(text(args, "qom-type"))
		return nil
	}
	// QEMU knows the type before it looks for the id.
	if class := r.h.m.Tree().Types.Class(text(args, "qom-type")); args.Has("qom-type") && (class == nil || !creatable(class)) {
		return fmt.Errorf("Parameter 'qom-type' does not accept value '%s'", text(args, "qom-type"))
	}
	request, err := object.NewRequest(args, true)
	if err != nil {
		return err
	}
	_, err = object.Add(r.h.m.Env(), request)
	return err
}

// objectAddJSON makes an object of what object-add takes.
func (r *run) objectAddJSON(text string) error {
	v, err := readJSON(text)
	if err != nil {
		return err
	}
	args, ok := v.(*qjson.Object)
	if !ok {
		return errors.New("Expecting a JSON object")
	}
	var members []qjson.Member
	for name, value := range args.All() {
		members = append(members, with(name, value))
	}
	return r.ask("object-add", members...)
}

// objectHelp lists the properties of a type of object, or the types there are.
func (r *run) objectHelp(typ string) {
	class := r.h.m.Tree().Types.Class(typ)
	if class == nil || !creatable(class) {
		r.printf("List of user creatable objects:\n")
		for _, name := range r.h.objectTypes() {
			r.printf("  %s\n", name)
		}
		return
	}
	var lines []string
	for p := range class.Properties() {
		if p.Set != nil && !p.IsChild() {
			lines = append(lines, "  "+p.Name+"=<"+p.Type+">\n")
		}
	}
	if len(lines) == 0 {
		r.printf("There are no options for %s.\n", typ)
		return
	}
	slices.Sort(lines)
	r.printf("%s options:\n%s", typ, strings.Join(lines, ""))
}

func creatable(c *qom.Class) bool {
	return !c.Abstract() && c.Is("user-creatable") && !c.Is("device")
}

// objectTypes lists the types of objects that users may make, sorted.
func (h *Human) objectTypes() []string {
	types := h.m.Tree().Types
	var names []string
	for name := range types.Names() {
		if c := types.Class(name); c != nil && creatable(c) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func completeObjectType(c *completer, words []string) {
	if len(words) != 2 {
		return
	}
	for _, name := range c.h.objectTypes() {
		c.propose(name, words[1])
	}
}
