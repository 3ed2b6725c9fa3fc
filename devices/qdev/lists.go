package qdev

import (
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// member is one member of the structures in a list; it checks a value that
// stands at a path such as "outputs[0].name".
type member struct {
	name     string
	required bool
	check    func(path string, in qom.Input) error
}

func checkString(path string, in qom.Input) error { _, err := in.Str(path); return err }

func checkUint16List(path string, in qom.Input) error {
	list, ok := in.Raw().([]any)
	if !ok {
		return fmt.Errorf("Invalid parameter type for '%s', expected: array", path)
	}
	for i, v := range list {
		if _, err := qom.Value(v).Uint(fmt.Sprintf("%s[%d]", path, i), 16); err != nil {
			return err
		}
	}
	return nil
}

// structLists are the property types that are lists of structures, with the
// members QAPI gives these.
var structLists = map[string][]member{
	"IOThreadVirtQueueMappingList": {{"iothread", true, checkString}, {"vqs", false, checkUint16List}},
	"VirtIOGPUOutputList":          {{"name", true, checkString}},
}

// structListKind keeps a list whose elements were checked as QEMU's visitor
// does: members in their order, then what is left over.
func structListKind(members []member) kind {
	k := listKind
	k.parse = func(o *qom.Object, p *qom.Property, in qom.Input) (any, error) {
		v, err := listKind.parse(o, p, in)
		if err != nil {
			return nil, err
		}
		for i, item := range v.([]any) {
			if err := checkStruct(fmt.Sprintf("%s[%d]", p.Name, i), item, members); err != nil {
				return nil, err
			}
		}
		return v, nil
	}
	return k
}

func checkStruct(path string, v any, members []member) error {
	o, ok := v.(*qjson.Object)
	if !ok {
		return fmt.Errorf("Invalid parameter type for '%s', expected: object", path)
	}
	known := map[string]bool{}
	for _, m := range members {
		known[m.name] = true
		value, given := o.Get(m.name)
		switch {
		case given:
			if err := m.check(path+"."+m.name, qom.Value(value)); err != nil {
				return err
			}
		case m.required:
			return fmt.Errorf("Parameter '%s.%s' is missing", path, m.name)
		}
	}
	for name := range o.Hashed() {
		if !known[name] {
			return fmt.Errorf("Parameter '%s.%s' is unexpected", path, name)
		}
	}
	return nil
}
