package qjson

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// field is one member of a struct's JSON form.
type field struct {
	name      string
	quoted    []byte // `"name": `
	index     []int  // as for reflect.Value.FieldByIndex
	omitEmpty bool
	omitZero  bool
}

// in returns the field of the struct v; false when it lies in an embedded struct
// behind a nil pointer.
func (f *field) in(v reflect.Value) (reflect.Value, bool) {
	if len(f.index) == 1 {
		return v.Field(f.index[0]), true
	}
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

// plan is what Append and Unmarshal know of a struct type.
type plan struct {
	fields []field // in order of declaration
	hashed []field // in the order QEMU writes them
}

// plans caches what depends on nothing but the type.
var plans sync.Map // reflect.Type to *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{fields: fieldsOf(t, nil)}
	order := make([]slot, len(p.fields))
	for i := range p.fields {
		order[i] = slotOf(p.fields[i].name, i)
	}
	slices.SortFunc(order, func(a, b slot) int { return int(int64(a.key) - int64(b.key)) })
	for _, s := range order {
		p.hashed = append(p.hashed, p.fields[s.index])
	}
	actual, _ := plans.LoadOrStore(t, p)
	return actual.(*plan)
}

// fieldsOf lists the exported fields of t, those of embedded structs in place.
func fieldsOf(t reflect.Type, above []int) []field {
	var list []field
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if tag == "-" && options == "" {
			continue
		}
		index := append(slices.Clone(above), i)
		if sf.Anonymous && tag == "" {
			et := sf.Type
			if et.Kind() == reflect.Pointer {
				et = et.Elem()
			}
			if et.Kind() == reflect.Struct {
				list = append(list, fieldsOf(et, index)...)
				continue
			}
		}
		if !sf.IsExported() {
			continue
		}
		if tag == "" {
			tag = sf.Name
		}
		list = append(list, field{
			name:      tag,
			quoted:    append(AppendString(nil, tag), ": "...),
			index:     index,
			omitEmpty: hasOption(options, "omitempty"),
			omitZero:  hasOption(options, "omitzero"),
		})
	}
	return list
}

func hasOption(options, name string) bool {
	return slices.Contains(strings.Split(options, ","), name)
}
