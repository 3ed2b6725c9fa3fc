package qom

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
)

// Property describes one property, of a class (shared by all objects of it) or
// of a single object.
type Property struct {
	Name string
	Type string // QEMU's type name: "bool", "uint32", "link<bus>", "child<base-xhci>", ...

	// Default is the value until one is set; it counts only with HasDefault.
	// Both show in qom-list-properties as QEMU prints them.
	Default    any
	HasDefault bool

	// Replaceable marks a property that is known from facts alone. QEMU tells
	// what the objects of a type have, not whether the class or the object's
	// own initializer added it; so code that adds one of the same name, to an
	// ancestor or to the object, takes its place.
	Replaceable bool

	// PerObject marks a property of a class that QEMU adds to each object, which
	// decides where it is listed.
	PerObject bool

	// Untold marks a property that QEMU does not tell of at the type that has
	// the code: its objects get it later, or only its descendants have it.
	// Others that a source leaves out are not there, see [TypeInfo.Tells].
	Untold bool

	// Get answers the value as plain Go data that encodes to the JSON that
	// QEMU sends. Nil: not readable.
	Get func(*Object) (any, error)
	// Set changes the value. Nil: not writable.
	Set func(*Object, Input) error
	// Target answers the object a link or child property leads to, nil when
	// it is empty. Nil for properties that are no links.
	Target func(*Object) *Object
	// Release drops what the property holds; called once, when the object is
	// finalized or the property deleted.
	Release func(*Object)

	// deleted stands in an object for a replaceable property of its class that
	// the object has given up.
	deleted bool
}

// withFacts completes p, which has the code, with the facts of f.
func (p *Property) withFacts(f *Property) *Property {
	q := *p
	if q.Type == "" {
		q.Type = f.Type
	}
	if !q.HasDefault {
		q.Default, q.HasDefault = f.Default, f.HasDefault
	}
	if q.Get == nil && q.Set == nil {
		q.Get, q.Set, q.Target, q.Release = f.Get, f.Set, f.Target, f.Release
	}
	return &q
}

// inherit completes p, which an ancestor has code for, with what the facts f
// say of a descendant: mostly another default.
func (p *Property) inherit(f *Property) *Property {
	if p.Type == f.Type && (!f.HasDefault || p.HasDefault && reflect.DeepEqual(p.Default, f.Default)) {
		return p
	}
	q := *p
	if f.Type != "" {
		q.Type = f.Type
	}
	if f.HasDefault {
		q.Default, q.HasDefault = f.Default, true
	}
	return &q
}

// IsChild reports whether the property is of a type child<T>.
func (p *Property) IsChild() bool { return strings.HasPrefix(p.Type, "child<") }

// IsLink reports whether the property is of a type link<T>.
func (p *Property) IsLink() bool { return strings.HasPrefix(p.Type, "link<") }

// stored is one value set on a property that keeps its value in the object.
type stored struct {
	prop  *Property
	value any
}

// own is what few objects have beside their class's properties: memory regions,
// interrupt lines and the like, most of a machine's objects, do not.
type own struct {
	dyn    []*Property // properties of this object alone, no children
	values []stored    // values of class properties
}

// dyn lists the properties of this object alone. The list is not to be changed.
func (o *Object) dyn() []*Property {
	if o.own == nil {
		return nil
	}
	return o.own.dyn
}

// setDyn replaces that list.
func (o *Object) setDyn(list []*Property) {
	if o.own == nil {
		o.own = new(own)
	}
	o.own.dyn = list
}

// values lists what was stored for properties of the class.
func (o *Object) values() []stored {
	if o.own == nil {
		return nil
	}
	return o.own.values
}

// Stored returns the value kept for p in the object: the last one stored, or
// the default, or nil. It is meant for the Get functions of properties without
// a field of their own.
func (o *Object) Stored(name string) any {
	for _, v := range o.values() {
		if v.prop.Name == name {
			return v.value
		}
	}
	if p := o.class.Property(name); p != nil && p.HasDefault {
		return p.Default
	}
	return nil
}

// HasStored reports whether a value was stored for name.
func (o *Object) HasStored(name string) bool {
	for _, v := range o.values() {
		if v.prop.Name == name {
			return true
		}
	}
	return false
}

// Store keeps a value for the class property of that name.
func (o *Object) Store(name string, value any) {
	for i, v := range o.values() {
		if v.prop.Name == name {
			o.own.values[i].value = value
			return
		}
	}
	p := o.class.Property(name)
	if p == nil {
		p = &Property{Name: name}
	}
	if o.own == nil {
		o.own = new(own)
	}
	o.own.values = append(o.own.values, stored{p, value})
}

// AddProperty adds a property to this object alone. The name must be free, or
// that of a [Property.Replaceable] one.
func (o *Object) AddProperty(p *Property) error {
	if o.nameTaken(p.Name) {
		return o.duplicate(p.Name)
	}
	if t := o.storage.tree; t.finalizing != nil {
		t.onlyDrop("property %q added to %s by a finalizer", p.Name, o.describe())
	}
	o.forgetDeleted(p.Name)
	o.setDyn(append(o.dyn(), p))
	return nil
}

// forgetDeleted makes room for a new property in the place of a deleted one of
// the class.
func (o *Object) forgetDeleted(name string) {
	if slices.ContainsFunc(o.dyn(), func(q *Property) bool { return q.deleted && q.Name == name }) {
		o.setDyn(slices.DeleteFunc(slices.Clone(o.dyn()), func(q *Property) bool { return q.deleted && q.Name == name }))
	}
}

// DeleteProperty releases and removes a property added with AddProperty,
// AddLink or AddAlias, or a [Property.Replaceable] one of the class, which then
// only this object lacks. Unknown names are ignored.
func (o *Object) DeleteProperty(name string) {
	if p := o.class.Property(name); p != nil && p.Replaceable && o.dynamic(name) == nil {
		if p.Release != nil {
			p.Release(o)
		}
		o.setDyn(append(slices.Clip(o.dyn()), &Property{Name: name, deleted: true}))
		return
	}
	for _, p := range o.dyn() {
		if p.Name == name {
			if p.Release != nil {
				p.Release(o)
			}
			// A copy, for those who are walking the list; and not a shorter slice,
			// which would keep p and what it refers to from the collector.
			o.setDyn(slices.DeleteFunc(slices.Clone(o.dyn()), func(q *Property) bool { return q == p }))
			return
		}
	}
}

func (o *Object) duplicate(name string) error {
	return fmt.Errorf("attempt to add duplicate property '%s' to object (type '%s')", name, o.class.name)
}

// AddAlias adds a property that stands for another object's, of the same type.
// An alias holds no reference: its target must not die before it.
func (o *Object) AddAlias(name string, target *Object, targetName string) error {
	p := target.Property(targetName)
	if p == nil {
		return target.noProperty(targetName)
	}
	a := &Property{
		Name: name, Type: p.Type, Default: p.Default, HasDefault: p.HasDefault,
		// The target refuses what it cannot do, under its own name; what does
		// not fit its type it refuses under the alias'.
		Get: func(*Object) (any, error) { return target.Get(targetName) },
		Set: func(_ *Object, in Input) error { return target.Set(targetName, in.As(in.named(name))) },
	}
	if p.IsChild() {
		a.Type = "link<" + strings.TrimPrefix(p.Type, "child<")
	}
	if p.Target != nil {
		a.Target = func(*Object) *Object { return p.Target(target) }
	}
	return o.AddProperty(a)
}

// Property returns the property of that name, nil when there is none. For a
// child a description is made up on the spot.
func (o *Object) Property(name string) *Property {
	known := o.class.Property(name)
	if known != nil && !known.Replaceable {
		return known
	}
	if p := o.dynamic(name); p != nil {
		if p.deleted {
			return nil
		}
		return p
	}
	if c := o.Child(name); c != nil {
		return c.childProperty()
	}
	return known
}

// dynamic finds a property of the object alone that is no child.
func (o *Object) dynamic(name string) *Property {
	for _, p := range o.dyn() {
		if p.Name == name {
			return p
		}
	}
	if l, ok := o.self.(Lister); ok {
		for p := range l.LiveProperties() {
			if p.Name == name {
				return p
			}
		}
	}
	return nil
}

// A Lister is an instance with properties that follow from its state, such as
// a bus' links to what sits on it: they are made up when somebody looks and
// cost nothing meanwhile. They hold nothing and cannot be released.
type Lister interface {
	LiveProperties() iter.Seq[*Property]
}

// WeakLink describes a read-only link<typ> property that holds nothing; target
// answers its object, nil for none.
func WeakLink(name, typ string, target func() *Object) *Property {
	return &Property{
		Name: name, Type: "link<" + typ + ">",
		Get:    func(*Object) (any, error) { return linkPath(target()), nil },
		Target: func(*Object) *Object { return target() },
	}
}

// FixedLink lets a link be written to, but only with what it leads to already.
// QEMU reads what is written to such a link before anything else, and would lead
// it elsewhere.
func FixedLink(p *Property) *Property {
	p.Set = func(o *Object, in Input) error {
		typ := strings.TrimSuffix(strings.TrimPrefix(p.Type, "link<"), ">")
		target, err := o.ResolveLink(p.Name, typ, in)
		if err == nil && target != p.Target(o) {
			err = o.NotWritable(p.Name)
		}
		return err
	}
	return p
}

// HasProperty reports whether the object has a property of that name, be it a
// child that is just leaving.
func (o *Object) HasProperty(name string) bool {
	if p := o.dynamic(name); p != nil {
		return !p.deleted
	}
	return o.class.Property(name) != nil || o.children.find(name) != nil
}

// nameTaken is HasProperty without what a new property may replace.
func (o *Object) nameTaken(name string) bool {
	if p := o.class.Property(name); p != nil && !p.Replaceable {
		return true
	}
	if p := o.dynamic(name); p != nil && !p.deleted {
		return true
	}
	return o.children.find(name) != nil
}

// childProperty describes o as a child property of its parent.
func (o *Object) childProperty() *Property {
	return &Property{
		Name: o.name, Type: "child<" + o.class.name + ">",
		Get:    func(*Object) (any, error) { return o.Path(), nil },
		Target: func(*Object) *Object { return o },
	}
}

// Properties lists the properties of the object: those of its class, then its
// own in the order they were added, then its children in that order. See
// [Object.Listing] for QEMU's order.
func (o *Object) Properties() iter.Seq[*Property] {
	return func(yield func(*Property) bool) {
		for p := range o.class.Properties() {
			if !o.replaced(p) && !yield(p) {
				return
			}
		}
		o.ownProperties()(yield)
	}
}

// replaced reports whether the object has something else in the place of a
// property of its class.
func (o *Object) replaced(p *Property) bool {
	return p.Replaceable && (o.dynamic(p.Name) != nil || o.Child(p.Name) != nil)
}

// ownProperties lists what the object has beyond its class, children last.
func (o *Object) ownProperties() iter.Seq[*Property] {
	return func(yield func(*Property) bool) {
		for _, p := range o.dyn() {
			if !p.deleted && !yield(p) {
				return
			}
		}
		if l, ok := o.self.(Lister); ok {
			for p := range l.LiveProperties() {
				if !yield(p) {
					return
				}
			}
		}
		for _, c := range o.children.all() {
			if !yield(c.childProperty()) {
				return
			}
		}
	}
}

// Get reads a property.
func (o *Object) Get(name string) (any, error) {
	if !o.alive("property " + name + " read") {
		return nil, o.noProperty(name)
	}
	if o.Tree().within != nil {
		o.notInside("property %q of %s read by a finalizer of the same storage", name)
	}
	p := o.Property(name)
	if p == nil {
		return nil, o.noProperty(name)
	}
	if p.Get == nil {
		return nil, fmt.Errorf("Property '%s.%s' is not readable", o.class.name, name)
	}
	return p.Get(o)
}

// Set changes a property.
func (o *Object) Set(name string, in Input) error {
	if !o.alive("property " + name + " written") {
		return o.noProperty(name)
	}
	if o.Tree().within != nil {
		o.notInside("property %q of %s written by a finalizer of the same storage", name)
	}
	p := o.Property(name)
	if p == nil {
		return o.noProperty(name)
	}
	if p.Set == nil {
		return o.NotWritable(name)
	}
	return p.Set(o, in)
}

// NotWritable is the error of writing to a property that cannot be written.
func (o *Object) NotWritable(name string) error {
	return fmt.Errorf("Property '%s.%s' is not writable", o.class.name, name)
}

func (o *Object) noProperty(name string) error {
	return fmt.Errorf("Property '%s.%s' not found", o.class.name, name)
}
