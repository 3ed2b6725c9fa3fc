package scenario

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/qjson"
)

// Load reads a story from a file. The error joins all mistakes, each as
// "FILE:LINE: reason".
func Load(path string) (*Scenario, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse is Load for a text that is already in memory; path is for messages, and
// for the place of a machine that is in a file of its own.
func Parse(path string, data []byte) (*Scenario, error) {
	p := &parser{file: path}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	s := &Scenario{File: path}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("%s: the file is empty", path)
	}
	root := doc.Content[0]
	found := false
	p.fields(root, map[string]func(*yaml.Node){
		"name":    func(n *yaml.Node) { s.Name = p.str(n) },
		"machine": func(n *yaml.Node) { s.Machine, found = p.machine(n), true },
		"violations": func(n *yaml.Node) {
			p.each(n, func(n *yaml.Node) { s.Violations = append(s.Violations, p.str(n)) })
		},
		"steps": func(n *yaml.Node) { p.each(n, func(n *yaml.Node) { s.Steps = append(s.Steps, p.step(n)) }) },
	})
	if !found {
		p.fail(root, "no machine is described")
	}
	if s.Name == "" {
		p.fail(root, "the story has no name")
	}
	return s, errors.Join(p.errs...)
}

// parser turns nodes of a document into a story and gathers mistakes.
type parser struct {
	file string
	errs []error
}

func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, n.Line, fmt.Sprintf(format, args...)))
}

// fields calls the function of each member of a map.
func (p *parser) fields(n *yaml.Node, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "expected a map")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch f := known[key.Value]; {
		case f == nil:
			p.fail(key, "unknown key %q", key.Value)
		case seen[key.Value]:
			p.fail(key, "%s is given twice", key.Value)
		default:
			f(n.Content[i+1])
		}
		seen[key.Value] = true
	}
}

func (p *parser) each(n *yaml.Node, f func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		p.fail(n, "expected a list")
		return
	}
	for _, item := range n.Content {
		f(item)
	}
}

func (p *parser) str(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		p.fail(n, "expected a text")
		return ""
	}
	return n.Value
}

// word reads one of a few words.
func (p *parser) word(n *yaml.Node, words ...string) string {
	s := p.str(n)
	if !slices.Contains(words, s) {
		p.fail(n, "%q is none of %s", s, strings.Join(words, ", "))
	}
	return s
}

// yes reads true, the only value that such a key can have.
func (p *parser) yes(n *yaml.Node) bool {
	p.word(n, "true")
	return true
}

// value reads any value; maps keep the order of their members.
func (p *parser) value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.AliasNode:
		p.fail(n, "aliases are not understood here")
		return nil
	case yaml.MappingNode:
		o := qjson.NewObject()
		for i := 0; i+1 < len(n.Content); i += 2 {
			o.Set(n.Content[i].Value, p.value(n.Content[i+1]))
		}
		return o
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			list = append(list, p.value(item))
		}
		return list
	}
	switch n.ShortTag() {
	case "!!int":
		var i int64
		if n.Decode(&i) == nil {
			return i
		}
		var u uint64
		if err := n.Decode(&u); err != nil {
			p.fail(n, "%s is out of range", n.Value)
		}
		return u
	case "!!bool":
		return n.Value == "true"
	case "!!float":
		var f float64
		if err := n.Decode(&f); err != nil {
			p.fail(n, "%s is not a number", n.Value)
		}
		return f
	case "!!null":
		return nil
	}
	return n.Value
}

func (p *parser) object(n *yaml.Node) *qjson.Object {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "expected a map")
		return nil
	}
	o, _ := p.value(n).(*qjson.Object)
	return o
}

// duration reads virtual time.
func (p *parser) duration(n *yaml.Node) time.Duration {
	d, err := time.ParseDuration(p.str(n))
	if err != nil || d < 0 {
		p.fail(n, "%q is not a time like 5s or 250ms", n.Value)
	}
	return d
}

// machine reads the machine of a story, or the file that has it. Time moves by
// steps only, and faults can be armed on every machine.
func (p *parser) machine(n *yaml.Node) config.Machine {
	var m *config.Machine
	if n.Kind == yaml.ScalarNode {
		path := n.Value
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(p.file), path)
		}
		c, err := config.Load(path, nil)
		switch {
		case err != nil:
			p.errs = append(p.errs, err)
			return config.Machine{}
		case len(c.Machines) != 1:
			p.fail(n, "%s describes %d machines where one is meant", n.Value, len(c.Machines))
			return config.Machine{}
		}
		m = &c.Machines[0]
	} else {
		var err error
		if m, err = config.DecodeMachine(p.file, n); err != nil {
			p.errs = append(p.errs, err)
			return config.Machine{}
		}
	}
	if m.Clock != "" && m.Clock != string(machine.SteppedTime) {
		p.fail(n, "the clock of a story's machine moves by steps")
	}
	m.Clock = string(machine.SteppedTime)
	if m.Faults == nil {
		m.Faults = new(machine.Faults)
	}
	return *m
}
