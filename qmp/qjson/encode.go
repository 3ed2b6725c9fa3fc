package qjson

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
)

// Append appends v to dst as QEMU writes JSON and returns the longer slice.
// Pretty puts every member and element on a line of its own, indented by four
// spaces, lines separated by "\n".
//
// Besides the values of a Parser it takes every integer type, strings and
// booleans of named types, slices, arrays, maps with string keys, pointers
// (nil is null), structs with "json" tags (omitempty, omitzero, "-", embedded
// structs) and [Raw]. It panics for channels, functions and other things without
// a JSON form: that is a mistake of the program, never of its input.
func Append(dst []byte, v any, pretty bool) []byte {
	return writer{pretty}.value(dst, v, 0)
}

type writer struct{ pretty bool }

// value appends v, whose own line is indented by depth levels.
func (w writer) value(dst []byte, v any, depth int) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case float64:
		return appendFloat(dst, v)
	case string:
		return AppendString(dst, v)
	case *Object:
		if v == nil {
			return append(dst, "null"...)
		}
		return w.object(dst, v, depth)
	case Object:
		return w.object(dst, &v, depth)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			dst = w.value(w.item(dst, i, depth+1), e, depth+1)
		}
		return w.close(dst, ']', depth)
	case Raw:
		return w.raw(dst, v, depth)
	case json.RawMessage:
		return w.raw(dst, Raw(v), depth)
	}
	return w.reflected(dst, reflect.ValueOf(v), depth)
}

// item starts the i-th member or element.
func (w writer) item(dst []byte, i, depth int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	if w.pretty {
		return newline(dst, depth)
	}
	if i > 0 {
		dst = append(dst, ' ')
	}
	return dst
}

// close ends an array or object. Pretty mode breaks the line even in an empty
// one, as QEMU does.
func (w writer) close(dst []byte, bracket byte, depth int) []byte {
	if w.pretty {
		dst = newline(dst, depth)
	}
	return append(dst, bracket)
}

func newline(dst []byte, depth int) []byte {
	dst = append(dst, '\n')
	for range depth {
		dst = append(dst, "    "...)
	}
	return dst
}

func (w writer) name(dst []byte, name string) []byte {
	return append(AppendString(dst, name), ": "...)
}

func (w writer) object(dst []byte, o *Object, depth int) []byte {
	dst = append(dst, '{')
	var room [16]slot
	for i, s := range hashedSlots(room[:0], o.members) {
		m := &o.members[s.index]
		dst = w.name(w.item(dst, i, depth+1), m.Name)
		dst = w.value(dst, m.Value, depth+1)
	}
	return w.close(dst, '}', depth)
}

// raw copies encoded JSON; pretty mode has to take it apart first.
func (w writer) raw(dst []byte, raw Raw, depth int) []byte {
	if len(raw) == 0 {
		return append(dst, "null"...)
	}
	if w.pretty {
		if v, err := Parse(raw); err == nil {
			return w.value(dst, v, depth)
		}
	}
	return append(dst, raw...)
}

// reflected appends values of types that value does not name.
func (w writer) reflected(dst []byte, v reflect.Value, depth int) []byte {
	switch v.Kind() {
	case reflect.Invalid:
		return append(dst, "null"...)
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.AppendUint(dst, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		return appendFloat(dst, v.Float())
	case reflect.String:
		return AppendString(dst, v.String())
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return append(dst, "null"...)
		}
		if v.Kind() == reflect.Interface || v.Type() == objectType {
			return w.value(dst, v.Interface(), depth)
		}
		return w.reflected(dst, v.Elem(), depth)
	case reflect.Slice, reflect.Array:
		if t := v.Type(); t == rawType || t == rawMessageType {
			return w.raw(dst, v.Bytes(), depth)
		}
		dst = append(dst, '[')
		for i := range v.Len() {
			dst = w.reflected(w.item(dst, i, depth+1), v.Index(i), depth+1)
		}
		return w.close(dst, ']', depth)
	case reflect.Map:
		return w.mapping(dst, v, depth)
	case reflect.Struct:
		if v.Type() == objectType.Elem() {
			o := v.Interface().(Object)
			return w.object(dst, &o, depth)
		}
		return w.structure(dst, v, depth)
	}
	panic(fmt.Sprintf("qjson: %s has no JSON form", v.Type()))
}

var (
	objectType     = reflect.TypeFor[*Object]()
	rawType        = reflect.TypeFor[Raw]()
	rawMessageType = reflect.TypeFor[json.RawMessage]()
)

// mapping appends a map, as if its members had been put in sorted by name.
func (w writer) mapping(dst []byte, v reflect.Value, depth int) []byte {
	if v.Type().Key().Kind() != reflect.String {
		panic(fmt.Sprintf("qjson: %s has keys that are not strings", v.Type()))
	}
	if v.IsNil() {
		return append(dst, "null"...)
	}
	names := make([]string, 0, v.Len())
	for _, k := range v.MapKeys() {
		names = append(names, k.String())
	}
	slices.Sort(names)
	o := &Object{members: make([]Member, 0, len(names))}
	for _, n := range names {
		key := reflect.ValueOf(n).Convert(v.Type().Key())
		o.members = append(o.members, Member{n, v.MapIndex(key).Interface()})
	}
	return w.object(dst, o, depth)
}

// structure appends a struct with the order of fields its plan prescribes.
func (w writer) structure(dst []byte, v reflect.Value, depth int) []byte {
	dst = append(dst, '{')
	n := 0
	for _, f := range planOf(v.Type()).hashed {
		fv, ok := f.in(v)
		if !ok || f.omitEmpty && isEmpty(fv) || f.omitZero && fv.IsZero() {
			continue
		}
		dst = append(w.item(dst, n, depth+1), f.quoted...)
		dst = w.reflected(dst, fv, depth+1)
		n++
	}
	return w.close(dst, '}', depth)
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// appendFloat writes f as printf's "%.17g", infinities and all.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	}
	return strconv.AppendFloat(dst, f, 'g', 17, 64)
}

const upperHex = "0123456789ABCDEF"

// AppendString appends s as a JSON string: printable ASCII as it is, the rest
// escaped, U+FFFD in place of what is not valid modified UTF-8.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		// Take plain text in one piece.
		j := i
		for j < len(s) && s[j] >= 0x20 && s[j] < 0x7f && s[j] != '"' && s[j] != '\\' {
			j++
		}
		if j > i {
			dst = append(dst, s[i:j]...)
			i = j
			continue
		}
		cp, n := codepoint(s[i:])
		i += n
		switch cp {
		case '"', '\\':
			dst = append(dst, '\\', byte(cp))
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = appendEscape(dst, cp)
		}
	}
	return append(dst, '"')
}

func appendEscape(dst []byte, cp rune) []byte {
	if cp < 0 {
		cp = 0xfffd
	}
	if cp > 0xffff {
		cp -= 0x10000
		dst = appendEscape(dst, 0xd800+cp>>10)
		cp = 0xdc00 + cp&0x3ff
	}
	return append(dst, '\\', 'u', upperHex[cp>>12&15], upperHex[cp>>8&15], upperHex[cp>>4&15], upperHex[cp&15])
}
