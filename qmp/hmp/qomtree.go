package hmp

import (
	"slices"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// treeRows are the commands on objects of the tree.
func treeRows() []*command {
	path := func(r *run) qjson.Member { return qjson.Member{Name: "path", Value: r.args.text("path")} }
	return []*command{
		{names: "qom-list", args: "path:s?", params: "path", help: "list the properties of an object", qmp: "qom-list",
			run: func(r *run) error {
				if !r.has("path") {
					r.printf("/\n")
					return nil
				}
				list, err := r.list("qom-list", path(r))
				for _, p := range list {
					r.printf("%s (%s)\n", text(p, "name"), text(p, "type"))
				}
				return err
			}},
		{names: "qom-get", args: "path:s,property:s", params: "path property", help: "print a property", qmp: "qom-get",
			run: func(r *run) error {
				v, err := r.h.set().Call(r.call, "qom-get",
					qjson.NewObject(path(r), qjson.Member{Name: "property", Value: r.args.text("property")}))
				if err != nil {
					return err
				}
				r.printf("%s\n", qjson.Append(nil, v, true))
				return nil
			}},
		{names: "qom-set", args: "json:-j,path:s,property:s,value:S", params: "[-j] path property value",
			help: "change a property; with -j the value is JSON", qmp: "qom-set", run: qomSet},
	}
}

// has reports whether an argument was given.
func (r *run) has(name string) bool { _, ok := r.args[name]; return ok }

func qomSet(r *run) error {
	path, property, value := r.args.text("path"), r.args.text("property"), r.args.text("value")
	if r.args.flag("json") {
		v, err := readJSON(value)
		if err != nil {
			return err
		}
		return r.ask("qom-set", qjson.Member{Name: "path", Value: path},
			qjson.Member{Name: "property", Value: property}, qjson.Member{Name: "value", Value: v})
	}
	o, _ := r.h.m.Tree().Resolve(path, "")
	if o == nil {
		return &qom.NotFoundError{Path: path}
	}
	return o.Set(property, qom.Text(value))
}

// treeTopics are the topics of "info" on the tree.
func treeTopics() []*command {
	return []*command{{
		names: "qom-tree", args: "path:s?", params: "[path]", help: "print the tree of objects",
		run: func(r *run) error {
			path := r.args.text("path")
			if !r.has("path") {
				path = "/machine"
			}
			o, _ := r.h.m.Tree().Resolve(path, "")
			if o == nil {
				r.printf("Path '%s' could not be resolved.\n", path)
				return nil
			}
			r.composition(o, 0)
			return nil
		},
	}}
}

// composition prints o and the objects below it, children sorted by name.
func (r *run) composition(o *qom.Object, depth int) {
	name := o.Name()
	if o == r.h.m.Tree().Root() {
		name = ""
	}
	r.printf("%s/%s (%s)\n", strings.Repeat("  ", depth), name, o.TypeName())
	children := o.Children()
	slices.SortFunc(children, func(a, b *qom.Object) int { return strings.Compare(a.Name(), b.Name()) })
	for _, c := range children {
		r.composition(c, depth+1)
	}
}
