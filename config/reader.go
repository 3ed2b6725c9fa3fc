package config

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
)

// reader turns nodes into fields. It gathers every mistake instead of stopping
// at the first.
type reader struct {
	file     string
	catalogs catalog.Set
	errs     []error
}

// fail notes a mistake at a node. The key is the path to it.
func (r *reader) fail(n *node, key, format string, args ...any) {
	r.errs = append(r.errs, at(r.origin(n, key), fmt.Errorf(format, args...)))
}

// origin is where a node stands.
func (r *reader) origin(n *node, key string) Origin {
	if n.source != "" {
		return Origin{Option: n.source}
	}
	return Origin{File: r.file, Line: n.line, Key: key}
}

// err returns all mistakes in the order of their lines, or nil.
func (r *reader) err() error {
	line := func(i int) int {
		var l *located
		if errors.As(r.errs[i], &l) {
			return l.origin.Line
		}
		return 0
	}
	sort.SliceStable(r.errs, func(i, j int) bool { return line(i) < line(j) })
	return errors.Join(r.errs...)
}

// is checks the kind of a node.
func (r *reader) is(n *node, key string, want kind, what string) bool {
	if n.kind == want || n.kind == anyNode && want != listNode && want != mapNode {
		return true
	}
	switch n.kind {
	case intNode, floatNode, boolNode, timeNode:
		if want == stringNode {
			read := n.misread()
			if read != "" {
				read = " and would be read as " + read
			}
			r.fail(n, key, "%s is %s where %s is meant%s: write it in quotes, %q", n.text, kindNames[n.kind], what, read, n.text)
			return false
		}
	}
	r.fail(n, key, "expected %s, found %s", what, kindNames[n.kind])
	return false
}

func (r *reader) str(n *node, key string, to *string) {
	if r.is(n, key, stringNode, "a string") {
		*to = n.text
	}
}

// word reads a string that must be one of a few.
func (r *reader) word(n *node, key string, to *string, words ...string) {
	if !r.is(n, key, stringNode, "a string") {
		return
	}
	if !contains(words, n.text) {
		r.fail(n, key, "%q is none of %s", n.text, strings.Join(words, ", "))
		return
	}
	*to = n.text
}

func (r *reader) flag(n *node, key string, to *bool) {
	if !r.is(n, key, boolNode, "true or false") {
		return
	}
	b, err := parseBool(key, n.text)
	if err != nil {
		r.fail(n, key, "expected true or false, found %q", n.text)
		return
	}
	*to = b
}

func (r *reader) number(n *node, key string, to *uint64) {
	if !r.is(n, key, intNode, "a whole number") {
		return
	}
	i, err := strconv.ParseUint(n.text, 0, 64)
	if err != nil || !canonical().MatchString(n.text) {
		r.fail(n, key, "expected a whole number from zero, found %s", n.text)
		return
	}
	*to = i
}

// size reads a number of bytes. It needs a unit, because plain numbers mean
// bytes to some and mebibytes to QEMU.
func (r *reader) size(n *node, key string, to *uint64) {
	if n.kind == intNode {
		r.fail(n, key, "%s needs a unit, as in \"%sM\"", n.text, n.text)
		return
	}
	if !r.is(n, key, stringNode, "a size") {
		return
	}
	if last := len(n.text) - 1; last >= 0 && n.text[last] >= '0' && n.text[last] <= '9' {
		r.fail(n, key, "%s needs a unit, as in \"%sM\"", n.text, n.text)
		return
	}
	b, err := ParseSize(n.text, 0)
	switch {
	case errors.Is(err, errSyntax):
		r.fail(n, key, "%q is not a size, as \"128M\" or \"1.5G\" are", n.text)
		return
	case err != nil:
		r.fail(n, key, "%q: %w", n.text, err)
		return
	}
	*to = b
}

// list calls f for every item.
func (r *reader) list(n *node, key string, f func(*node, string)) {
	if !r.is(n, key, listNode, "a list") {
		return
	}
	for i, item := range n.items {
		f(item, fmt.Sprintf("%s[%d]", key, i))
	}
}

// fields calls f for every member of a map; f says whether it knows the key.
func (r *reader) fields(n *node, key string, f func(name string, value *node, key string) bool) bool {
	if !r.is(n, key, mapNode, "a map") {
		return false
	}
	for i, name := range n.keys {
		path := name
		if key != "" {
			path = key + "." + name
		}
		if !f(name, n.items[i], path) {
			r.fail(&node{line: n.lines[i], source: n.items[i].source}, path, "unknown key")
		}
	}
	return true
}

// options collects properties: as text, or all of them typed when one is a
// list or a map, which have no text form.
func (r *reader) options(values *node, key string, skip func(string) bool) (options *qjson.Object, typed bool) {
	for i, name := range values.keys {
		if k := values.items[i].kind; !skip(name) && (k == listNode || k == mapNode) {
			typed = true
		}
	}
	for i, name := range values.keys {
		if skip(name) {
			continue
		}
		if options == nil {
			options = qjson.NewObject()
		}
		v, path := values.items[i], key+"."+name
		if typed {
			options.Set(name, r.typed(v, path))
		} else {
			options.Set(name, r.text(v, path))
		}
	}
	return options, typed
}

// text returns a scalar as it would stand on a command line.
func (r *reader) text(n *node, key string) string {
	switch n.kind {
	case stringNode, anyNode:
		return n.text
	case boolNode:
		if n.text == "true" {
			return "on"
		}
		return "off"
	case intNode, floatNode:
		s, err := n.number()
		if err != nil {
			r.fail(n, key, "%w", err)
		}
		return s
	case timeNode:
		r.fail(n, key, "%s is a date where a string is meant: write it in quotes, %q", n.text, n.text)
	default:
		r.fail(n, key, "expected a value, found %s", kindNames[n.kind])
	}
	return ""
}

// typed returns a node as a JSON value.
func (r *reader) typed(n *node, key string) any {
	switch n.kind {
	case boolNode:
		return n.text == "true"
	case intNode:
		if s, err := n.number(); err == nil {
			if i, err := strconv.ParseInt(s, 0, 64); err == nil {
				return i
			}
			if u, err := strconv.ParseUint(s, 0, 64); err == nil {
				return u
			}
		}
	case listNode:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			items[i] = r.typed(item, fmt.Sprintf("%s[%d]", key, i))
		}
		return items
	case mapNode:
		o := qjson.NewObject()
		for i, name := range n.keys {
			o.Set(name, r.typed(n.items[i], key+"."+name))
		}
		return o
	}
	return r.text(n, key)
}
