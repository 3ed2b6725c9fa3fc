package config

import (
	"errors"
	"strings"
)

// readConfig reads one machine from the format of -readconfig, with what the
// environment and flags say put over it.
func (r *reader) readConfig(data string, over map[string]*node, c *Config) {
	name := ""
	if n := over["catalog"]; n != nil {
		name = n.text
	}
	b, err := newBuilder(&r.catalogs, name)
	if err == nil {
		err = b.readConfig(r.file, data)
	}
	if err != nil {
		r.addError(Origin{File: r.file}, err)
		return
	}
	f := &fileMachine{reader: r, b: b}
	for key, n := range over {
		f.overrideGroup(key, n)
	}
	if len(r.errs) > 0 {
		return
	}
	b.all = true
	m, err := b.finish()
	if err != nil {
		r.addError(Origin{File: r.file}, err)
		return
	}
	c.Machines = append(c.Machines, *m)
}

// addError adds the parts of an error, at a place unless they have their own.
func (r *reader) addError(origin Origin, err error) {
	for _, e := range flatten(err) {
		var l *located
		if !errors.As(e, &l) || l.origin == (Origin{}) {
			e = at(origin, e)
		}
		r.errs = append(r.errs, e)
	}
}

// overrideGroup sets one value where the sections of such a file put theirs.
func (f *fileMachine) overrideGroup(key string, n *node) {
	outer, inner, nested := strings.Cut(key, ".")
	switch {
	case !nested:
		f.member(key, n, key)
	case outer == "memory":
		name := map[string]string{"size": "size", "slots": "slots", "max": "maxmem"}[inner]
		f.groupSet("memory", name, n.text, f.origin(n, key))
	case outer == "actions":
		f.groupSet("action", inner, n.text, f.origin(n, key))
	default:
		if err := setDotted(f.b.machine, key, n.text); err != nil {
			f.fail(n, key, "%w", err)
		}
	}
}
