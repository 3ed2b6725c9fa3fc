package config

import (
	"fmt"
	"strconv"
	"strings"
)

// kind is what a node of a document is.
type kind int

const (
	nullNode kind = iota
	stringNode
	boolNode
	intNode
	floatNode
	timeNode
	listNode
	mapNode
	anyNode // text without a type, from the environment or a flag
)

// kindNames are for error messages.
var kindNames = map[kind]string{
	nullNode: "nothing", stringNode: "a string", boolNode: "a boolean", intNode: "a whole number",
	floatNode: "a number", timeNode: "a date", listNode: "a list", mapNode: "a map", anyNode: "a string",
}

// node is one value of a YAML, TOML or JSON document, with what the general
// decoders lose: the order of keys, their case, where the value stands, and
// the exact text of a number.
type node struct {
	kind   kind
	text   string // of a scalar, as written but for quotes and escapes
	line   int
	items  []*node  // of a list, or the values of a map
	keys   []string // of a map
	lines  []int    // of the keys
	source string   // in place of the file: the variable or flag it came from
}

// maxNodes bounds a document once YAML's aliases are followed, which can make
// a short text describe an enormous tree.
const maxNodes = 1 << 20

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for i, k := range n.keys {
		if k == key {
			return n.items[i]
		}
	}
	return nil
}

// set gives a key a value, in its old place if it has one.
func (n *node) set(key string, value *node) {
	for i, k := range n.keys {
		if k == key {
			n.items[i] = value
			return
		}
	}
	n.keys = append(n.keys, key)
	n.items = append(n.items, value)
	n.lines = append(n.lines, value.line)
}

// canonical are the whole numbers that read back as they were written.
var canonical = pattern(`^(0|-?[1-9][0-9]*|0x[0-9a-fA-F]+)$`)

// number returns the text of a whole number, or why it would not survive being
// read as one: 1.10 is 1.1 and 0123 is 83 to whatever takes them for numbers.
func (n *node) number() (string, error) {
	if n.kind == intNode && canonical().MatchString(n.text) {
		return n.text, nil
	}
	if read := n.misread(); read != "" {
		return "", fmt.Errorf("%s is a number and would be read as %s: write it in quotes, %q", n.text, read, n.text)
	}
	return "", fmt.Errorf("%s is not a whole number: write it in quotes, %q, if it is meant as text", n.text, n.text)
}

// misread returns what a number turns into when it is read as one, or "" if
// that is how it was written.
func (n *node) misread() string {
	read := ""
	switch n.kind {
	case floatNode:
		if f, err := strconv.ParseFloat(strings.ReplaceAll(n.text, "_", ""), 64); err == nil {
			read = strconv.FormatFloat(f, 'g', -1, 64)
		}
	case intNode:
		if i, err := strconv.ParseInt(n.text, 0, 64); err == nil && !canonical().MatchString(n.text) {
			read = strconv.FormatInt(i, 10)
		}
	}
	if read == n.text {
		return ""
	}
	return read
}

// clone copies a tree, with the text of strings changed by f.
func (n *node) clone(f func(string) string) *node {
	c := *n
	if n.kind == stringNode || n.kind == anyNode {
		c.text = f(n.text)
	}
	c.items = make([]*node, len(n.items))
	for i, item := range n.items {
		c.items[i] = item.clone(f)
	}
	c.keys = append([]string(nil), n.keys...)
	return &c
}
