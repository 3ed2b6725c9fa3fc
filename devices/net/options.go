package net

import (
	"strconv"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// options reads arguments that the schema has accepted.
type options struct{ args *qjson.Object }

func (o options) get(name string) any {
	if o.args == nil {
		return nil
	}
	v, _ := o.args.Get(name)
	return v
}

func (o options) has(name string) bool { return o.get(name) != nil }

func (o options) text(name string) string {
	s, _ := o.get(name).(string)
	return s
}

// flag returns a boolean, or what it is when it was not given.
func (o options) flag(name string, otherwise bool) bool {
	if b, ok := o.get(name).(bool); ok {
		return b
	}
	return otherwise
}

func (o options) integer(name string) int64 {
	switch v := o.get(name).(type) {
	case int64:
		return v
	case uint64:
		return int64(v)
	case string: // QEMU's schema lets keyval text through as well
		n, _ := strconv.ParseInt(v, 0, 64)
		return n
	}
	return 0
}

func (o options) object(name string) (options, bool) {
	v, ok := o.get(name).(*qjson.Object)
	return options{v}, ok
}

// strings reads a list of objects with the member str.
func (o options) strings(name string) []string {
	list, _ := o.get(name).([]any)
	var out []string
	for _, v := range list {
		if m, ok := v.(*qjson.Object); ok {
			out = append(out, options{m}.text("str"))
		}
	}
	return out
}

// hostPort takes "HOST:PORT" apart; ok is false without a colon.
func hostPort(s string) (host, port string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}
