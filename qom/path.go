package qom

import "strings"

// Path returns the canonical path of the object, "/" for the root, and the
// empty string when the object is not in the tree.
func (o *Object) Path() string {
	n := 0
	for p := o; ; p = p.parent {
		if p.parent == nil {
			if p.storage == nil || p.storage.tree.root != p {
				return ""
			}
			break
		}
		n += len(p.name) + 1
	}
	if n == 0 {
		return "/"
	}
	buf := make([]byte, n)
	for p := o; p.parent != nil; p = p.parent {
		n -= len(p.name)
		copy(buf[n:], p.name)
		n--
		buf[n] = '/'
	}
	return string(buf)
}

// Resolve finds an object by path. An absolute path leads from the root along
// child and link properties; a partial one is tried from every object of the
// composition tree. With typ, objects of other types do not count. A partial
// path that fits in several places is ambiguous and finds none, even if it is
// one object that a link leads to as well.
func (t *Tree) Resolve(path, typ string) (found *Object, ambiguous bool) {
	if strings.HasPrefix(path, "/") {
		o := t.root.walk(path)
		if o != nil && typ != "" && !o.Is(typ) {
			return nil, false
		}
		return o, false
	}
	if path == "" {
		return nil, typ == "" // every object's path ends so
	}
	t.root.partial(path, typ, &found, &ambiguous)
	if ambiguous {
		return nil, true
	}
	return found, false
}

// walk follows path from o; empty components are skipped.
func (o *Object) walk(path string) *Object {
	for o != nil && path != "" {
		var name string
		name, path, _ = strings.Cut(path, "/")
		if name != "" {
			o = o.component(name)
		}
	}
	return o
}

// component follows one child or link property.
func (o *Object) component(name string) *Object {
	if c := o.Child(name); c != nil {
		return c
	}
	if p := o.Property(name); p != nil && p.Target != nil {
		return p.Target(o)
	}
	return nil
}

// partial searches the composition tree below o, o included.
func (o *Object) partial(path, typ string, found **Object, ambiguous *bool) {
	if hit := o.walk(path); hit != nil && (typ == "" || hit.Is(typ)) {
		if *found != nil {
			*ambiguous = true
			return
		}
		*found = hit
	}
	for _, c := range o.children.all() {
		if c.parent == o && c.ref.Load() != Finalizing {
			c.partial(path, typ, found, ambiguous)
		}
		if *ambiguous {
			return
		}
	}
}

// ResolveFrom finds an object by a path relative to o, as [Tree.Resolve] does
// for absolute ones.
func (o *Object) ResolveFrom(path string) *Object { return o.walk(path) }

// Walk visits the composition tree below o, o first, parents before children,
// in order of insertion, until visit answers false.
func (o *Object) Walk(visit func(*Object) bool) bool {
	if !visit(o) {
		return false
	}
	for _, c := range o.Children() {
		if c.parent == o && !c.Walk(visit) {
			return false
		}
	}
	return true
}
