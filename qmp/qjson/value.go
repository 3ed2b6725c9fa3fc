package qjson

import "iter"

// Raw is a value that is JSON already. Append copies it as it stands, except in
// pretty mode, where it is laid out anew.
type Raw []byte

// Member is one name and value of an Object.
type Member struct {
	Name  string
	Value any
}

// indexFrom is the size at which an Object gets a map beside its list: below it
// a walk through the list is faster.
const indexFrom = 12

// Object is a JSON object whose members keep their order of insertion.
// The zero value is empty and ready; a nil *Object reads as empty.
type Object struct {
	members []Member
	index   map[string]int // nil until indexFrom members
}

// NewObject returns an object with the given members. A later member replaces an
// earlier one of the same name.
func NewObject(members ...Member) *Object {
	o := &Object{members: make([]Member, 0, len(members))}
	for _, m := range members {
		o.Set(m.Name, m.Value)
	}
	return o
}

// Len returns the number of members.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members)
}

// Get returns the member called name, and whether there is one.
func (o *Object) Get(name string) (any, bool) {
	i := o.find(name)
	if i < 0 {
		return nil, false
	}
	return o.members[i].Value, true
}

// Has reports whether there is a member called name.
func (o *Object) Has(name string) bool { return o.find(name) >= 0 }

// Set gives the member called name a value. A new member goes to the end; one
// that exists keeps its place.
func (o *Object) Set(name string, value any) {
	if i := o.find(name); i >= 0 {
		o.members[i].Value = value
		return
	}
	o.add(name, value)
}

// add appends a member that is known to be new.
func (o *Object) add(name string, value any) {
	o.members = append(o.members, Member{name, value})
	switch {
	case o.index != nil:
		o.index[name] = len(o.members) - 1
	case len(o.members) >= indexFrom:
		o.reindex()
	}
}

// Delete removes the member called name and reports whether it was there.
func (o *Object) Delete(name string) bool {
	i := o.find(name)
	if i < 0 {
		return false
	}
	o.members = append(o.members[:i], o.members[i+1:]...)
	if o.index != nil {
		o.reindex()
	}
	return true
}

// All walks through the members in order of insertion.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if o == nil {
			return
		}
		for _, m := range o.members {
			if !yield(m.Name, m.Value) {
				return
			}
		}
	}
}

// Clone returns a copy that shares the values but not the list of members.
func (o *Object) Clone() *Object {
	c := &Object{}
	if o != nil {
		c.members = append(c.members, o.members...)
		if o.index != nil {
			c.reindex()
		}
	}
	return c
}

func (o *Object) find(name string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].Name == name {
			return i
		}
	}
	return -1
}

func (o *Object) reindex() {
	o.index = make(map[string]int, 2*len(o.members))
	for i, m := range o.members {
		o.index[m.Name] = i
	}
}
