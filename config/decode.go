package config

import "go.yaml.in/yaml/v3"

// DecodeMachine reads the description of one machine that is a part of a larger
// YAML document: n is a map with the members that an entry of "machines" has,
// but for count. file is for messages. What flags and the environment say is
// not looked at. The error is as for [Load].
func DecodeMachine(file string, n *yaml.Node) (*Machine, error) {
	left := maxNodes
	root, err := fromYAML(n, &left)
	if err != nil {
		return nil, (&document{path: file}).place(err)
	}
	r := &reader{file: file}
	m, _ := r.machine(instance(root, 1, nil), "machine")
	if err := r.err(); err != nil {
		return nil, err
	}
	return m, nil
}
