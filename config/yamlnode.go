package config

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// parseYAML reads a YAML document.
func parseYAML(data []byte) (*node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return &node{kind: mapNode, line: 1}, nil
	}
	left := maxNodes
	return fromYAML(doc.Content[0], &left)
}

// yamlKinds are the tags of scalars.
var yamlKinds = map[string]kind{
	"!!str": stringNode, "!!bool": boolNode, "!!int": intNode, "!!float": floatNode,
	"!!null": nullNode, "!!timestamp": timeNode,
}

func fromYAML(y *yaml.Node, left *int) (*node, error) {
	if *left--; *left < 0 {
		return nil, errors.New("the document is too large")
	}
	n := &node{line: y.Line}
	switch y.Kind {
	case yaml.AliasNode:
		return fromYAML(y.Alias, left)
	case yaml.ScalarNode:
		k, ok := yamlKinds[y.ShortTag()]
		if !ok {
			return nil, fmt.Errorf("line %d: a value of type %s is not understood", y.Line, y.ShortTag())
		}
		n.kind, n.text = k, y.Value
	case yaml.SequenceNode:
		n.kind = listNode
		for _, c := range y.Content {
			item, err := fromYAML(c, left)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	case yaml.MappingNode:
		n.kind = mapNode
		for i := 0; i+1 < len(y.Content); i += 2 {
			key := y.Content[i]
			if key.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: a key must be a word", key.Line)
			}
			if n.get(key.Value) != nil {
				return nil, fmt.Errorf("line %d: %s is given twice", key.Line, key.Value)
			}
			value, err := fromYAML(y.Content[i+1], left)
			if err != nil {
				return nil, err
			}
			n.set(key.Value, value)
			n.lines[len(n.lines)-1] = key.Line
		}
	}
	return n, nil
}
