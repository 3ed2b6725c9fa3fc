package scenario

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Main is the name of the first client.
const Main = "main"

// step reads one step.
func (p *parser) step(n *yaml.Node) Step {
	s := Step{Line: n.Line, Client: Main}
	verb := func(v Verb, f func(*yaml.Node)) func(*yaml.Node) {
		return func(n *yaml.Node) {
			if s.Verb != "" {
				p.fail(n, "a step does one thing, this one %s and %s", s.Verb, v)
			}
			s.Verb = v
			f(n)
		}
	}
	text := func(n *yaml.Node) { s.Text = p.str(n) }
	set := func(n *yaml.Node) { s.Arguments = p.object(n) }
	hasArguments := (*yaml.Node)(nil)
	known := map[string]func(*yaml.Node){
		string(Command):    verb(Command, text),
		string(Connect):    verb(Connect, text),
		string(Disconnect): verb(Disconnect, text),
		string(Clock):      verb(Clock, func(n *yaml.Node) { s.Duration = p.duration(n) }),
		string(Register):   verb(Register, text),
		string(Guest):      verb(Guest, set),
		string(Fault):      verb(Fault, set),
		string(Hold):       verb(Hold, text),
		string(Release):    verb(Release, text),
		string(Restart):    verb(Restart, func(n *yaml.Node) { p.yes(n) }),
		string(Look):       verb(Look, func(n *yaml.Node) { p.yes(n) }),

		"arguments":  func(n *yaml.Node) { hasArguments = n; s.Arguments = p.object(n) },
		"descriptor": func(n *yaml.Node) { s.Descriptor = p.str(n) },
		"client":     func(n *yaml.Node) { s.Client = p.str(n) },
	}
	p.wants(&s, known)
	p.fields(n, known)
	switch {
	case s.Verb == "" && n.Kind == yaml.MappingNode:
		p.fail(n, "the step does nothing; to only look, write look: true")
	case hasArguments != nil && s.Verb != Command:
		p.fail(hasArguments, "arguments are for qmp")
	}
	if s.Verb == Connect {
		s.Client = s.Text
	}
	p.checkWants(n, &s)
	return s
}

// wants adds the keys of expectations.
func (p *parser) wants(s *Step, known map[string]func(*yaml.Node)) {
	w := &s.Want
	for key, f := range map[string]func(*yaml.Node){
		"returns":  func(n *yaml.Node) { w.Returns, w.HasReturns = p.value(n), true },
		"error":    func(n *yaml.Node) { w.Error = p.failure(n) },
		"reply":    func(n *yaml.Node) { p.word(n, "none"); w.NoReply = true },
		"late":     func(n *yaml.Node) { p.each(n, func(n *yaml.Node) { w.Late = append(w.Late, p.late(n)) }) },
		"answer":   func(n *yaml.Node) { a := p.str(n); w.Answer = &a },
		"greeting": func(n *yaml.Node) { w.Greeting = p.word(n, "none", "only", "refused", "late") },
		"events":   func(n *yaml.Node) { p.each(n, func(n *yaml.Node) { w.Events = append(w.Events, p.event(n)) }) },
		"order":    func(n *yaml.Node) { p.each(n, func(n *yaml.Node) { w.Order = append(w.Order, p.str(n)) }) },
		"closed":   func(n *yaml.Node) { w.Closed = p.yes(n) },
		"ended": func(n *yaml.Node) {
			status, err := strconv.Atoi(p.str(n))
			if err != nil {
				p.fail(n, "%q is not an exit status", n.Value)
			}
			w.Ended = &status
		},
		"draining": func(n *yaml.Node) {
			w.HasDrain = true
			p.each(n, func(n *yaml.Node) { w.Draining = append(w.Draining, p.str(n)) })
		},
		"devices": func(n *yaml.Node) {
			if n.Kind != yaml.MappingNode {
				p.fail(n, "expected a map")
				return
			}
			for i := 0; i+1 < len(n.Content); i += 2 {
				state := p.word(n.Content[i+1], string(Plugged), string(Draining), string(Gone))
				w.Devices = append(w.Devices, DeviceState{n.Content[i].Value, State(state)})
			}
		},
	} {
		known[key] = f
	}
}

// checkWants refuses expectations that a step of its kind can never meet.
func (p *parser) checkWants(n *yaml.Node, s *Step) {
	w := &s.Want
	only := func(given bool, key string, verb Verb) {
		if given && s.Verb != verb {
			p.fail(n, "%s is for %s", key, verb)
		}
	}
	only(w.HasReturns, "returns", Command)
	only(w.Error != nil, "error", Command)
	only(w.NoReply, "reply", Command)
	only(w.Answer != nil, "answer", Register)
	if w.Greeting == "none" || w.Greeting == "refused" {
		only(true, "greeting", Connect)
	}
	if w.HasReturns && w.Error != nil {
		p.fail(n, "a command either returns or fails")
	}
}

// failure reads an expected error: its text, or class and text.
func (p *parser) failure(n *yaml.Node) *Failure {
	if n.Kind == yaml.ScalarNode {
		return &Failure{Desc: p.str(n)}
	}
	f := &Failure{}
	p.fields(n, map[string]func(*yaml.Node){
		"class": func(n *yaml.Node) { f.Class = p.str(n) },
		"desc":  func(n *yaml.Node) { f.Desc = p.str(n) },
	})
	return f
}

func (p *parser) late(n *yaml.Node) (a Answer) {
	p.fields(n, map[string]func(*yaml.Node){
		"returns": func(n *yaml.Node) { a.Returns = p.value(n) },
		"error":   func(n *yaml.Node) { a.Error = p.failure(n) },
	})
	return a
}

// event reads a name, or a name with members that its data are to have.
func (p *parser) event(n *yaml.Node) Event {
	e := Event{Line: n.Line}
	switch {
	case n.Kind == yaml.ScalarNode:
		e.Name = p.str(n)
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		e.Name = n.Content[0].Value
		e.Data = p.object(n.Content[1])
	default:
		p.fail(n, "expected the name of an event, or a map of it and its data")
	}
	return e
}
