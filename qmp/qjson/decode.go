package qjson

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// Unmarshal stores the parsed value v in what into points to.
//
// Structs take objects by "json" tags, pointers are made for members that are
// there (so nil means "absent"), slices take arrays, maps with string keys take
// objects, and fields of type any, *Object or [Raw] take what comes. Members
// without a field are ignored, as is the order: the schema has checked them.
// Integers must fit their field; a float field takes integers as well. The error
// names the place, as in "a.b[0]: expected string".
func Unmarshal(v any, into any) error {
	rv := reflect.ValueOf(into)
	if rv.Kind() != reflect.Pointer || rv.IsNil() {
		return fmt.Errorf("qjson: cannot unmarshal into %T", into)
	}
	return store(v, rv.Elem(), "")
}

// mismatch is the error for a value of the wrong type at path.
func mismatch(path, expected string) error {
	if path == "" {
		return fmt.Errorf("expected %s", expected)
	}
	return fmt.Errorf("%s: expected %s", path, expected)
}

func store(v any, to reflect.Value, path string) error {
	t := to.Type()
	switch {
	case t == rawType:
		to.SetBytes(Append(nil, v, false))
		return nil
	case t == objectType:
		o, ok := v.(*Object)
		if !ok {
			return mismatch(path, "object")
		}
		to.Set(reflect.ValueOf(o))
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		if v == nil {
			to.SetZero()
			return nil
		}
		if to.IsNil() {
			to.Set(reflect.New(t.Elem()))
		}
		return store(v, to.Elem(), path)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return mismatch(path, t.String())
		}
		if v == nil {
			to.SetZero()
		} else {
			to.Set(reflect.ValueOf(v))
		}
		return nil
	case reflect.Struct:
		return storeStruct(v, to, path)
	case reflect.Slice:
		return storeSlice(v, to, path)
	case reflect.Map:
		return storeMap(v, to, path)
	}
	return storeScalar(v, to, path)
}

func storeScalar(v any, to reflect.Value, path string) error {
	switch to.Kind() {
	case reflect.String:
		s, ok := v.(string)
		if !ok {
			return mismatch(path, "string")
		}
		to.SetString(s)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return mismatch(path, "boolean")
		}
		to.SetBool(b)
	case reflect.Float32, reflect.Float64:
		switch n := v.(type) {
		case float64:
			to.SetFloat(n)
		case int64:
			to.SetFloat(float64(n))
		case uint64:
			to.SetFloat(float64(n))
		default:
			return mismatch(path, "number")
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := v.(int64)
		if !ok {
			return mismatch(path, "integer")
		}
		if to.OverflowInt(n) {
			return mismatch(path, to.Kind().String())
		}
		to.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := v.(uint64)
		if i, signed := v.(int64); signed {
			// QEMU lets negative numbers pass for uint64 and wraps them.
			n, ok = uint64(i), i >= 0 || to.Type().Bits() == 64
		}
		if !ok {
			return mismatch(path, "integer")
		}
		if to.OverflowUint(n) {
			return mismatch(path, to.Kind().String())
		}
		to.SetUint(n)
	default:
		return fmt.Errorf("qjson: cannot unmarshal into %s", to.Type())
	}
	return nil
}

func storeStruct(v any, to reflect.Value, path string) error {
	o, ok := v.(*Object)
	if !ok {
		return mismatch(path, "object")
	}
	for _, f := range planOf(to.Type()).fields {
		member, ok := o.Get(f.name)
		if !ok {
			continue
		}
		field := to
		for i, x := range f.index {
			if i > 0 && field.Kind() == reflect.Pointer {
				if field.IsNil() {
					if !field.CanSet() {
						return fmt.Errorf("qjson: cannot make the embedded unexported %s", field.Type())
					}
					field.Set(reflect.New(field.Type().Elem()))
				}
				field = field.Elem()
			}
			field = field.Field(x)
		}
		at := f.name
		if path != "" {
			at = path + "." + f.name
		}
		if err := store(member, field, at); err != nil {
			return err
		}
	}
	return nil
}

func storeSlice(v any, to reflect.Value, path string) error {
	a, ok := v.([]any)
	if !ok {
		return mismatch(path, "array")
	}
	s := reflect.MakeSlice(to.Type(), len(a), len(a))
	for i, e := range a {
		if err := store(e, s.Index(i), path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	to.Set(s)
	return nil
}

func storeMap(v any, to reflect.Value, path string) error {
	o, ok := v.(*Object)
	if !ok || to.Type().Key().Kind() != reflect.String {
		return mismatch(path, "object")
	}
	m := reflect.MakeMapWithSize(to.Type(), o.Len())
	for name, member := range o.All() {
		e := reflect.New(to.Type().Elem()).Elem()
		if err := store(member, e, path+"."+name); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(name).Convert(to.Type().Key()), e)
	}
	to.Set(m)
	return nil
}

// Int returns an integer value as int64, and whether it is one that fits.
func Int(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case uint64:
		return int64(n), n <= math.MaxInt64
	}
	return 0, false
}
