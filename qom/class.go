package qom

import (
	"iter"
	"slices"
)

// Class is what all objects of one type share. It corresponds to ObjectClass
// in QEMU; device classes keep their data in it with [Class.SetValue].
type Class struct {
	types      *Types
	name       string
	info       TypeInfo
	parent     *Class
	interfaces []*Class
	abstract   bool
	iface      bool
	alloc      func() Instance
	unparent   func(*Object)

	own []*Property
	// ownTaken: own is a list of the class's own, and not its source's.
	ownTaken bool
	index    map[string]*Property // of own, by name
	values   []classValue
}

type classValue struct{ key, value any }

// Name returns the name of the type.
func (c *Class) Name() string { return c.name }

// Parent returns the parent class, nil for "object" and "interface".
func (c *Class) Parent() *Class { return c.parent }

// Abstract reports whether the type cannot be instantiated.
func (c *Class) Abstract() bool { return c.abstract }

// IsInterface reports whether the type is an interface.
func (c *Class) IsInterface() bool { return c.iface }

// Interfaces lists the interfaces the type implements, inherited ones first.
func (c *Class) Interfaces() []*Class { return c.interfaces }

// Is reports whether the type is, descends from, or implements name.
func (c *Class) Is(name string) bool {
	for k := c; k != nil; k = k.parent {
		if k.name == name {
			return true
		}
	}
	for _, i := range c.interfaces {
		for k := i; k != nil; k = k.parent {
			if k.name == name {
				return true
			}
		}
	}
	return false
}

// Casts reports whether QEMU takes the type for name: as [Class.Is], but a type
// with several interfaces that descend from name is not one of them, for QEMU
// could not tell which is meant.
func (c *Class) Casts(name string) bool {
	for k := c; k != nil; k = k.parent {
		if k.name == name {
			return true
		}
	}
	n := 0
	for _, i := range c.interfaces {
		for k := i; k != nil; k = k.parent {
			if k.name == name {
				n++
			}
		}
	}
	return n == 1
}

// SetValue stores class data under a key, for ClassInit only. Keys should be
// of an unexported type of the package that owns them, as with context.Context.
func (c *Class) SetValue(key, value any) {
	for i := range c.values {
		if c.values[i].key == key {
			c.values[i].value = value
			return
		}
	}
	c.values = append(c.values, classValue{key, value})
}

// Value returns the class data stored under key by this class or its nearest
// ancestor, nil when there is none.
func (c *Class) Value(key any) any {
	for k := c; k != nil; k = k.parent {
		for i := range k.values {
			if k.values[i].key == key {
				return k.values[i].value
			}
		}
	}
	return nil
}

// AddProperty adds a class property, for ClassInit only; it replaces one of the
// same name. It does nothing when the type of this version has no such property.
func (c *Class) AddProperty(p *Property) {
	if p = c.info.has(p); p == nil {
		return
	}
	c.takeOwn()
	if i := slices.IndexFunc(c.own, func(q *Property) bool { return q.Name == p.Name }); i >= 0 {
		c.own[i] = p.withFacts(c.own[i])
		return
	}
	c.own = append(c.own, p)
}

// ReplaceProperties puts what by returns in the place of each property that the
// class adds to its parent's, for ClassInit only. What by returns may be p itself.
func (c *Class) ReplaceProperties(by func(p *Property) *Property) {
	c.takeOwn()
	for i, p := range c.own {
		c.own[i] = by(p)
	}
}

// takeOwn makes the list of own properties one that may be changed: it begins as
// the source's.
func (c *Class) takeOwn() {
	if !c.ownTaken {
		c.own, c.ownTaken = slices.Clone(c.own), true
	}
}

// settle decides about properties that are known from facts alone: where an
// ancestor has code for one, that code stays in charge.
func (c *Class) settle(own []*Property) []*Property {
	if c.parent == nil {
		return own
	}
	var out []*Property
	for _, p := range own {
		if p.Replaceable {
			if q := c.parent.Property(p.Name); q != nil && !q.Replaceable {
				if r := q.inherit(p); r != q {
					out = append(out, r)
				}
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

func (c *Class) buildIndex() {
	if len(c.own) == 0 {
		return // most types add nothing
	}
	c.index = make(map[string]*Property, len(c.own))
	for _, p := range c.own {
		c.index[p.Name] = p
	}
}

// Property returns the class property of that name, nil when there is none.
func (c *Class) Property(name string) *Property {
	for k := c; k != nil; k = k.parent {
		if p := k.index[name]; p != nil {
			return p
		}
	}
	return nil
}

// Properties lists the class properties, ancestors first. A property that a
// descendant redefines appears once, in the place of the ancestor's.
func (c *Class) Properties() iter.Seq[*Property] {
	return func(yield func(*Property) bool) { c.eachProperty(c, yield) }
}

func (c *Class) eachProperty(leaf *Class, yield func(*Property) bool) bool {
	if c.parent != nil && !c.parent.eachProperty(leaf, yield) {
		return false
	}
	for _, p := range c.own {
		if c.parent != nil && c.parent.Property(p.Name) != nil {
			continue // already yielded, as redefined
		}
		if !yield(leaf.Property(p.Name)) {
			return false
		}
	}
	return true
}

// chain returns c and its ancestors, root first.
func (c *Class) chain(buf []*Class) []*Class {
	for k := c; k != nil; k = k.parent {
		buf = append(buf, k)
	}
	slices.Reverse(buf)
	return buf
}
