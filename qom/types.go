package qom

import (
	"fmt"
	"iter"
	"slices"
	"sync"
)

// Instance is a Go struct that embeds an [Object] by value.
type Instance interface {
	// QOM returns the embedded object.
	QOM() *Object
}

// TypeInfo describes one type. It corresponds to QEMU's TypeInfo; the class
// structure of QEMU is spread over ClassInit and the values it stores.
type TypeInfo struct {
	Name       string
	Parent     string   // empty only for the root types "object" and "interface"
	Interfaces []string // interfaces this type adds to its parent's
	Abstract   bool     // cannot be instantiated
	Interface  bool     // is an interface type

	// New allocates the Go struct. A type without New uses its nearest
	// ancestor's; at least "object" has one.
	New func() Instance

	// ClassInit fills in the class, once, after its parent's class is complete.
	ClassInit func(*Class)

	// Init runs per object, ancestors first. PostInit runs when every Init has
	// run, ancestors first again.
	Init, PostInit func(*Object)

	// Unparent runs when the object leaves its composition parent, while
	// [Object.Parent] still answers. The most derived one is called.
	Unparent func(*Object)

	// Finalize runs when the last logical reference went and all properties
	// are released, leaf first. It may only drop references.
	Finalize func(*Object)

	// Policy is how the storage of objects of the type dies; TreePolicy leaves
	// it to the ancestors, and in the end to the tree.
	Policy Policy

	// Properties are the class properties this type adds to its parent's.
	Properties []*Property

	// Tells reports whether a source knows a property of the type, inherited
	// ones included; nil when it cannot say.
	Tells func(property string) bool
}

// has returns a property that there is code for as the type has it; nil when the
// type, being of another version than the code, has it not.
func (i *TypeInfo) has(p *Property) *Property {
	switch {
	case i.Tells == nil || p.PerObject || i.Tells(p.Name):
		return p
	case !p.Untold:
		return nil
	case i.Abstract:
		return p
	}
	q := *p
	q.PerObject = true
	return &q
}

// Source supplies facts about types that have no Go code of their own.
type Source interface {
	// Type returns the description of a type, without code.
	Type(name string) (TypeInfo, bool)
	// Has reports whether the source has a type. It is cheaper than Type.
	Has(name string) bool
	// Names lists every type of the source.
	Names() iter.Seq[string]
}

// Types is a set of types: facts from a [Source], behaviour from [Types.Add].
// It is handed around as a value; there is no global one. Classes are made on
// first use and shared by all trees of the process. Types is safe for
// concurrent use once the last Add has returned.
type Types struct {
	source Source
	code   map[string]TypeInfo
	order  []string // names added by Add, in order

	mu      sync.Mutex
	classes map[string]*Class
}

// NewTypes returns a set that holds "object" and "interface" plus what src
// knows; src may be nil.
func NewTypes(src Source) *Types {
	t := &Types{source: src, code: map[string]TypeInfo{}, classes: map[string]*Class{}}
	t.Add(TypeInfo{
		Name: "object",
		New:  func() Instance { return new(Object) },
		Properties: []*Property{{
			Name: "type", Type: "string",
			Get: func(o *Object) (any, error) { return o.class.name, nil },
		}},
	})
	t.Add(TypeInfo{Name: "interface", Abstract: true})
	t.Add(TypeInfo{Name: "container", Parent: "object"})
	return t
}

// Add registers the behaviour of a type. When the source knows a type of that
// name, its parent, interfaces, flags and properties come from there and info
// supplies the code and the properties of the same names. Adding a name twice
// is a programming error and panics.
func (t *Types) Add(info TypeInfo) {
	if _, dup := t.code[info.Name]; dup {
		panic(fmt.Sprintf("qom: type %q registered twice", info.Name))
	}
	t.code[info.Name] = info
	t.order = append(t.order, info.Name)
}

// HasFacts reports whether the source knows a type, true when there is no
// source. Code for types of some versions only asks before it is added.
func (t *Types) HasFacts(name string) bool {
	return t.source == nil || t.source.Has(name)
}

// Names lists every type: those of the source in its order, then those that
// only code knows, in the order of registration.
func (t *Types) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		if t.source != nil {
			for n := range t.source.Names() {
				if !yield(n) {
					return
				}
			}
		}
		for _, n := range t.order {
			if (t.source == nil || !t.source.Has(n)) && !yield(n) {
				return
			}
		}
	}
}

// Class returns the class of a type, or nil when there is no such type.
func (t *Types) Class(name string) *Class {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.classLocked(name)
}

func (t *Types) classLocked(name string) *Class {
	if c, ok := t.classes[name]; ok {
		return c
	}
	info, ok := t.info(name)
	if !ok {
		return nil
	}
	c := &Class{types: t, name: name, info: info, abstract: info.Abstract, iface: info.Interface}
	if info.Parent != "" {
		c.parent = t.classLocked(info.Parent)
		if c.parent == nil {
			panic(fmt.Sprintf("qom: type %q has unknown parent %q", name, info.Parent))
		}
		c.alloc = c.parent.alloc
		c.unparent = c.parent.unparent
		c.interfaces = slices.Clone(c.parent.interfaces)
	}
	for _, i := range info.Interfaces {
		ic := t.classLocked(i)
		if ic == nil {
			panic(fmt.Sprintf("qom: type %q implements unknown interface %q", name, i))
		}
		if !slices.Contains(c.interfaces, ic) {
			c.interfaces = append(c.interfaces, ic)
		}
	}
	if info.New != nil {
		c.alloc = info.New
	}
	if info.Unparent != nil {
		c.unparent = info.Unparent
	}
	c.own = c.settle(info.Properties)
	t.classes[name] = c
	if info.ClassInit != nil {
		info.ClassInit(c)
	}
	c.buildIndex()
	return c
}

// info merges facts and code.
func (t *Types) info(name string) (TypeInfo, bool) {
	code, haveCode := t.code[name]
	if t.source == nil {
		return code, haveCode
	}
	facts, haveFacts := t.source.Type(name)
	if !haveFacts {
		return code, haveCode
	}
	if !haveCode {
		return facts, true
	}
	merged := code
	merged.Parent, merged.Abstract, merged.Interface = facts.Parent, facts.Abstract, facts.Interface
	merged.Interfaces = append(slices.Clone(facts.Interfaces), code.Interfaces...)
	known := slices.Clone(facts.Properties)
	merged.Properties = nil
	merged.Tells = facts.Tells
	for _, p := range code.Properties {
		if p = merged.has(p); p == nil {
			continue
		}
		if i := slices.IndexFunc(known, func(q *Property) bool { return q.Name == p.Name }); i >= 0 {
			p = p.withFacts(known[i])
			known = slices.Delete(known, i, i+1)
		}
		merged.Properties = append(merged.Properties, p)
	}
	merged.Properties = append(merged.Properties, known...)
	if chain := facts.ClassInit; chain != nil {
		own := code.ClassInit
		merged.ClassInit = func(c *Class) {
			chain(c)
			if own != nil {
				own(c)
			}
		}
	}
	return merged, true
}
