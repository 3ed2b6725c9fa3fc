package config

import (
	"reflect"
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// Describe returns a description as indented JSON, for people and for
// comparisons. What is not said is left out, and so are the places where
// things were written and warnings.
func Describe(c *Config) []byte {
	value, _ := plain(reflect.ValueOf(*c))
	return append(indent(nil, value, "\n"), '\n')
}

var (
	objectType   = reflect.TypeFor[*qjson.Object]()
	originType   = reflect.TypeFor[Origin]()
	warningType  = reflect.TypeFor[[]Warning]()
	durationType = reflect.TypeFor[time.Duration]()
)

// plain turns structs into ordered objects and drops zero values; false means
// that nothing was left.
func plain(v reflect.Value) (any, bool) {
	switch v.Type() {
	case objectType:
		return v.Interface(), !v.IsNil()
	case originType, warningType:
		return nil, false
	case durationType:
		return time.Duration(v.Int()).String(), v.Int() != 0
	}
	switch v.Kind() {
	case reflect.Struct:
		o := qjson.NewObject()
		for i := range v.NumField() {
			if value, ok := plain(v.Field(i)); ok {
				o.Set(v.Type().Field(i).Name, value)
			}
		}
		return o, o.Len() > 0
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i], _ = plain(v.Index(i))
		}
		return list, len(list) > 0
	case reflect.Pointer:
		if v.IsNil() {
			return nil, false
		}
		if value, ok := plain(v.Elem()); ok || v.Elem().Kind() != reflect.Struct {
			return value, true
		}
		return qjson.NewObject(), true
	}
	return v.Interface(), !v.IsZero()
}

// indent writes a value with members in their own order, which qjson.Append
// does not keep: it writes QEMU's.
func indent(dst []byte, v any, newline string) []byte {
	switch v := v.(type) {
	case *qjson.Object:
		dst = append(dst, '{')
		comma := ""
		for name, value := range v.All() {
			dst = append(dst, comma+newline+"  "...)
			dst = append(qjson.AppendString(dst, name), ": "...)
			dst = indent(dst, value, newline+"  ")
			comma = ","
		}
		if v.Len() > 0 {
			dst = append(dst, newline...)
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		comma := ""
		for _, item := range v {
			dst = append(dst, comma+newline+"  "...)
			dst = indent(dst, item, newline+"  ")
			comma = ","
		}
		if len(v) > 0 {
			dst = append(dst, newline...)
		}
		return append(dst, ']')
	}
	return qjson.Append(dst, v, false)
}
