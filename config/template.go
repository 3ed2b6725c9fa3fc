package config

import (
	"strconv"
	"strings"
)

// instance returns the i-th copy of an entry, with its placeholders filled in.
func instance(n *node, i uint64, over map[string]*node) *node {
	name := ""
	if v := n.get("name"); v != nil {
		name = v.text
	}
	values := map[string]string{"n": strconv.FormatUint(i, 10)}
	values["name"] = expand(name, values)
	copied := n.clone(func(s string) string { return expand(s, values) })
	if copied.kind != mapNode {
		return copied
	}
	for j, key := range copied.keys {
		if key == "count" {
			copied.keys = append(copied.keys[:j], copied.keys[j+1:]...)
			copied.items = append(copied.items[:j], copied.items[j+1:]...)
			copied.lines = append(append([]int(nil), copied.lines[:j]...), copied.lines[j+1:]...)
			break
		}
	}
	for key, value := range over {
		override(copied, key, value)
	}
	return copied
}

// override sets a member, or a member of a member, which may have been given
// in its short form.
func override(n *node, key string, value *node) {
	outer, inner, nested := strings.Cut(key, ".")
	if !nested {
		n.set(key, value)
		return
	}
	in := n.get(outer)
	if in == nil || in.kind != mapNode {
		first := map[string]string{"memory": "size", "smp": "cpus"}[outer]
		section := &node{kind: mapNode, line: n.line}
		if in != nil && first != "" {
			section.set(first, in)
		}
		in = section
		n.set(outer, in)
	}
	in.set(inner, value)
}

// placeholder is {name}, {n}, {n:3} or {runtime}.
var placeholder = pattern(`\{(name|n|runtime)(?::([0-9]{1,2}))?\}`)

// expand fills in placeholders: {n}, the number of the machine among its
// copies ({n:3} has zeros in front), {name}, its name, and {runtime}, the
// folder for sockets.
func expand(s string, values map[string]string) string {
	return placeholder().ReplaceAllStringFunc(s, func(found string) string {
		m := placeholder().FindStringSubmatch(found)
		value, ok := values[m[1]]
		if m[1] == "runtime" {
			value, ok = RuntimeDir(), true
		}
		if !ok {
			return found
		}
		width, _ := strconv.Atoi(m[2])
		return strings.Repeat("0", max(width-len(value), 0)) + value
	})
}
