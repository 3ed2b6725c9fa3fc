package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// jsonReader reads a JSON document token by token, because only the tokens
// have places.
type jsonReader struct {
	dec   *json.Decoder
	data  []byte
	depth int
}

// maxDepth bounds how deep a document may be nested.
const maxDepth = 100

// parseJSONFile reads a JSON document.
func parseJSONFile(data []byte) (*node, error) {
	r := &jsonReader{dec: json.NewDecoder(bytes.NewReader(data)), data: data}
	r.dec.UseNumber()
	n, err := r.value()
	if err == nil {
		if _, e := r.dec.Token(); !errors.Is(e, io.EOF) {
			err = fmt.Errorf("line %d: more than one value", r.line())
		}
	}
	return n, err
}

// line is where the last token ended.
func (r *jsonReader) line() int {
	return 1 + bytes.Count(r.data[:min(int(r.dec.InputOffset()), len(r.data))], []byte("\n"))
}

func (r *jsonReader) token() (json.Token, error) {
	t, err := r.dec.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line := 1 + bytes.Count(r.data[:min(int(syntax.Offset), len(r.data))], []byte("\n"))
		return nil, fmt.Errorf("line %d: %s", line, syntax.Error())
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("line %d: the document ends too early", r.line())
	case err != nil:
		return nil, fmt.Errorf("line %d: %w", r.line(), err)
	}
	return t, nil
}

func (r *jsonReader) value() (*node, error) {
	t, err := r.token()
	if err != nil {
		return nil, err
	}
	n := &node{line: r.line()}
	switch t := t.(type) {
	case string:
		n.kind, n.text = stringNode, t
	case bool:
		n.kind, n.text = boolNode, fmt.Sprint(t)
	case json.Number:
		n.kind, n.text = intNode, t.String()
		if strings.ContainsAny(n.text, ".eE") {
			n.kind = floatNode
		}
	case json.Delim:
		if r.depth++; r.depth > maxDepth {
			return nil, fmt.Errorf("line %d: nested too deep", n.line)
		}
		defer func() { r.depth-- }()
		if t == '[' {
			return n, r.list(n)
		}
		return n, r.object(n)
	}
	return n, nil
}

func (r *jsonReader) list(n *node) error {
	n.kind = listNode
	for r.dec.More() {
		item, err := r.value()
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, err := r.token()
	return err
}

func (r *jsonReader) object(n *node) error {
	n.kind = mapNode
	for r.dec.More() {
		t, err := r.token()
		if err != nil {
			return err
		}
		key, line := fmt.Sprint(t), r.line()
		if n.get(key) != nil {
			return fmt.Errorf("line %d: %s is given twice", line, key)
		}
		value, err := r.value()
		if err != nil {
			return err
		}
		n.set(key, value)
		n.lines[len(n.lines)-1] = line
	}
	_, err := r.token()
	return err
}
