package qom

// children are what is below an object in the composition tree, in order of
// insertion. Most of a machine's objects, lines and regions, have none: a nil
// *children is an empty one.
type children struct {
	list   []*Object
	byName map[string]*Object // once there are many
}

// indexFrom is the number of children from which names are looked up in a map.
const indexFrom = 96

// all returns the children; the slice is not to be changed.
func (k *children) all() []*Object {
	if k == nil {
		return nil
	}
	return k.list
}

// find returns the entry of a name, even when that child is just leaving.
func (k *children) find(name string) *Object {
	switch {
	case k == nil:
		return nil
	case k.byName != nil:
		return k.byName[name]
	}
	for _, c := range k.list {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (k *children) insert(c *Object) {
	k.list = append(k.list, c)
	switch {
	case k.byName != nil:
		k.byName[c.name] = c
	case len(k.list) >= indexFrom:
		k.byName = make(map[string]*Object, 2*indexFrom)
		for _, c := range k.list {
			k.byName[c.name] = c
		}
	}
}

func (k *children) remove(c *Object) {
	for i := len(k.list) - 1; i >= 0; i-- {
		if k.list[i] == c {
			copy(k.list[i:], k.list[i+1:])
			k.list[len(k.list)-1] = nil
			k.list = k.list[:len(k.list)-1]
			break
		}
	}
	if k.byName[c.name] == c {
		delete(k.byName, c.name)
	}
}

func (o *Object) insertChild(c *Object) {
	if o.children == nil {
		o.children = new(children)
	}
	o.children.insert(c)
}

func (o *Object) removeChild(c *Object) {
	if o.children == nil {
		return
	}
	if o.children.remove(c); len(o.children.list) == 0 {
		o.children = nil
	}
}

// Child returns the child of that name, nil when there is none or it is
// leaving.
func (o *Object) Child(name string) *Object {
	if c := o.children.find(name); c != nil && c.parent == o && c.ref.Load() != Finalizing {
		return c
	}
	return nil
}

// Children returns the children in order of insertion, none for a nil object.
// The slice is the caller's.
func (o *Object) Children() []*Object {
	if o == nil {
		return nil
	}
	return append([]*Object(nil), o.children.all()...)
}

// NumChildren returns how many children the object has.
func (o *Object) NumChildren() int { return len(o.children.all()) }
