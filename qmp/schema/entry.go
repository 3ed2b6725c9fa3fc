package schema

import (
	"fmt"
	"sync"

	"github.com/qomd/qomd/qmp/qjson"
)

// entry is one element of the schema. Everything below raw is set by decode.
type entry struct {
	name string
	raw  []byte
	once sync.Once
	err  error

	kind     string // the meta-type
	features []string

	arguments, reply *entry // command, event
	allowOOB         bool

	members  []member          // object
	tag      string            // object: the member that selects a variant
	variants map[string]*entry // object: by value of the tag

	element *entry              // array
	values  map[string]bool     // enum
	marked  map[string][]string // enum: features of the values that have some
	json    string              // builtin: "int", "string", ...
	choices []*entry            // alternate
}

// member is one member of an object type.
type member struct {
	name     string
	of       *entry
	optional bool
	width    *width // of an integer; nil when 64 bits
	features []string
}

// source is the JSON form of an entry.
type source struct {
	Name     string   `json:"name"`
	Kind     string   `json:"meta-type"`
	Features []string `json:"features"`
	ArgType  string   `json:"arg-type"`
	RetType  string   `json:"ret-type"`
	AllowOOB bool     `json:"allow-oob"`
	Members  []struct {
		Name     string    `json:"name"`
		Type     string    `json:"type"`
		Features []string  `json:"features"`
		Default  qjson.Raw `json:"default"` // there, if only as null: optional
	} `json:"members"`
	Tag      string `json:"tag"`
	Variants []struct {
		Case string `json:"case"`
		Type string `json:"type"`
	} `json:"variants"`
	Element string   `json:"element-type"`
	Values  []string `json:"values"`
	JSON    string   `json:"json-type"`
}

// decode reads the entry, once. The entries it refers to are found, not decoded.
func (e *entry) decode(s *Schema) error {
	e.once.Do(func() {
		v, err := qjson.Parse(e.raw)
		var src source
		if err == nil {
			err = qjson.Unmarshal(v, &src)
		}
		if err == nil {
			err = e.fill(s, &src)
		}
		if err != nil {
			e.err = fmt.Errorf("schema: entry %q: %w", e.name, err)
		}
		e.raw = e.raw[:len(e.raw):len(e.raw)]
	})
	return e.err
}

func (e *entry) fill(s *Schema, src *source) error {
	e.kind, e.features, e.allowOOB = src.Kind, src.Features, src.AllowOOB
	e.tag, e.json = src.Tag, src.JSON
	missing := ""
	find := func(name string) *entry {
		if name == "" {
			return nil
		}
		t := s.named[name]
		if t == nil {
			missing = name
		}
		return t
	}
	e.arguments, e.reply, e.element = find(src.ArgType), find(src.RetType), find(src.Element)
	for _, m := range src.Members {
		switch e.kind {
		case "object":
			e.members = append(e.members, member{
				name: m.Name, of: find(m.Type), optional: m.Default != nil, width: widthOf(src, m.Name), features: m.Features,
			})
		case "enum":
			if len(m.Features) > 0 {
				if e.marked == nil {
					e.marked = map[string][]string{}
				}
				e.marked[m.Name] = m.Features
			}
		case "alternate":
			e.choices = append(e.choices, find(m.Type))
		}
	}
	if len(src.Variants) > 0 {
		e.variants = make(map[string]*entry, len(src.Variants))
		for _, v := range src.Variants {
			e.variants[v.Case] = find(v.Type)
		}
	}
	if e.kind == "enum" {
		e.values = make(map[string]bool, len(src.Values))
		for _, v := range src.Values {
			e.values[v] = true
		}
	}
	if missing != "" {
		return fmt.Errorf("no type %q", missing)
	}
	return nil
}

// references lists the entries this one names.
func (e *entry) references() []*entry {
	list := []*entry{e.arguments, e.reply, e.element}
	for _, m := range e.members {
		list = append(list, m.of)
	}
	for _, v := range e.variants {
		list = append(list, v)
	}
	return append(list, e.choices...)
}
