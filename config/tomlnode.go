package config

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// tomlReader turns the expressions of a TOML document into a tree.
type tomlReader struct {
	p    unstable.Parser
	data []byte
	line int // of the last thing with a known place
}

// parseTOML reads a TOML document. The decoder proper goes first, because it
// knows the rules (a table may not be defined twice, and so on); the tree is
// then made of the expressions of its parser, which keep order and places.
func parseTOML(data []byte) (*node, error) {
	var checked map[string]any
	if err := toml.Unmarshal(data, &checked); err != nil {
		var d *toml.DecodeError
		if errors.As(err, &d) {
			row, _ := d.Position()
			return nil, fmt.Errorf("line %d: %s", row, d.Error())
		}
		return nil, err
	}
	r := &tomlReader{data: data, line: 1}
	r.p.Reset(data)
	root := &node{kind: mapNode, line: 1}
	table := root
	for r.p.NextExpression() {
		e := r.p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			keys := r.keys(e)
			table = descend(root, keys[:len(keys)-1], r.line)
			table = open(table, keys[len(keys)-1], e.Kind == unstable.ArrayTable, r.line)
		case unstable.KeyValue:
			if err := r.assign(table, e); err != nil {
				return nil, err
			}
		}
	}
	return root, r.p.Error()
}

// keys returns the parts of a dotted key and notes its line.
func (r *tomlReader) keys(e *unstable.Node) []string {
	var keys []string
	for it := e.Key(); it.Next(); {
		r.place(it.Node().Raw)
		keys = append(keys, string(it.Node().Data))
	}
	return keys
}

// place notes the line of a range, if it has one.
func (r *tomlReader) place(raw unstable.Range) {
	if raw.Length > 0 && int(raw.Offset) <= len(r.data) {
		r.line = 1 + bytes.Count(r.data[:raw.Offset], []byte("\n"))
	}
}

// descend follows keys to a table, making what is missing. Of an array of
// tables it takes the last.
func descend(n *node, keys []string, line int) *node {
	for _, key := range keys {
		n = open(n, key, false, line)
	}
	return n
}

// open returns the table under a key, a new one at the end of the array if it
// is one of an array.
func open(n *node, key string, array bool, line int) *node {
	next := n.get(key)
	if next == nil {
		next = &node{kind: mapNode, line: line}
		if array {
			next.kind = listNode
		}
		n.set(key, next)
	}
	if array {
		item := &node{kind: mapNode, line: line}
		next.items = append(next.items, item)
		return item
	}
	if next.kind == listNode && len(next.items) > 0 {
		return next.items[len(next.items)-1]
	}
	return next
}

func (r *tomlReader) assign(table *node, e *unstable.Node) error {
	keys := r.keys(e)
	line := r.line
	value, err := r.value(e.Value())
	if err != nil {
		return err
	}
	table = descend(table, keys[:len(keys)-1], line)
	table.set(keys[len(keys)-1], value)
	table.lines[len(table.lines)-1] = line
	return nil
}

// tomlKinds are the kinds of scalars.
var tomlKinds = map[unstable.Kind]kind{
	unstable.String: stringNode, unstable.Bool: boolNode, unstable.Integer: intNode, unstable.Float: floatNode,
	unstable.LocalDate: timeNode, unstable.LocalTime: timeNode, unstable.LocalDateTime: timeNode,
	unstable.DateTime: timeNode,
}

func (r *tomlReader) value(e *unstable.Node) (*node, error) {
	r.place(e.Raw)
	n := &node{line: r.line}
	switch e.Kind {
	case unstable.Array:
		n.kind = listNode
		for it := e.Children(); it.Next(); {
			item, err := r.value(it.Node())
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	case unstable.InlineTable:
		n.kind = mapNode
		for it := e.Children(); it.Next(); {
			if err := r.assign(n, it.Node()); err != nil {
				return nil, err
			}
		}
	default:
		k, ok := tomlKinds[e.Kind]
		if !ok {
			return nil, fmt.Errorf("line %d: %s is not understood", r.line, e.Kind)
		}
		n.kind, n.text = k, string(e.Data)
	}
	return n, nil
}
