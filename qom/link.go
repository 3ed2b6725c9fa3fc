package qom

import "strings"

// LinkCheck may refuse a new target of a link.
type LinkCheck func(o *Object, name string, target *Object) error

// linkPath is what reading a link answers: the target's path, empty when there
// is no target or it has left the tree.
func linkPath(target *Object) string {
	if target == nil {
		return ""
	}
	return target.Path()
}

// ResolveLink finds the object that a value written to a link<typ> property
// names: a path, absolute or partial; the empty path means no object.
func (o *Object) ResolveLink(name, typ string, in Input) (*Object, error) {
	path, err := in.Str(name)
	if err != nil || path == "" {
		return nil, err
	}
	target, ambiguous := o.Tree().Resolve(path, typ)
	if ambiguous {
		return nil, &AmbiguousPathError{Path: path, Link: true}
	}
	if target == nil {
		if other, several := o.Tree().Resolve(path, ""); other != nil || several {
			return nil, invalidType(name, typ)
		}
		return nil, &NotFoundError{Path: path}
	}
	return target, nil
}

// AddLink adds a strong link property: while it is set it holds its target.
// check may be nil; a link without set is read-only and changed by [Link.Set]
// alone.
func (o *Object) AddLink(name, typ string, writable bool, check LinkCheck) (*Link, error) {
	l := &Link{owner: o, name: name}
	p := &Property{
		Name: name, Type: "link<" + typ + ">",
		Get:     func(*Object) (any, error) { return linkPath(l.Target()), nil },
		Target:  func(*Object) *Object { return l.Target() },
		Release: func(*Object) { l.Set(nil) },
	}
	if writable {
		p.Set = func(o *Object, in Input) error {
			target, err := o.ResolveLink(name, typ, in)
			if err != nil {
				return err
			}
			if check != nil {
				if err := check(o, name, target); err != nil {
					return err
				}
			}
			l.Set(target)
			return nil
		}
	}
	return l, o.AddProperty(p)
}

// AddWeakLink adds a read-only link that holds nothing; target answers its
// object at any time, nil for none.
func (o *Object) AddWeakLink(name, typ string, target func() *Object) error {
	return o.AddProperty(WeakLink(name, typ, target))
}

// Link is the value of a strong link.
type Link struct {
	owner *Object
	name  string
	hold  *Hold
}

// Target returns the object linked to, or nil.
func (l *Link) Target() *Object {
	if l.hold == nil {
		return nil
	}
	return l.hold.Object()
}

// Set replaces the target; the old one is let go after the new one is held.
func (l *Link) Set(target *Object) {
	old := l.hold
	l.hold = nil
	if target != nil {
		l.hold = new(Hold)
		target.HoldBy(l.hold, l.owner, HoldLink, l.owner.describe()+"."+l.name, 1)
	}
	if old != nil {
		old.Release()
	}
}

// LinkType returns T of a type link<T> or child<T>, and whether it is one.
func LinkType(typ string) (string, bool) {
	for _, prefix := range [...]string{"link<", "child<"} {
		if rest, ok := strings.CutPrefix(typ, prefix); ok {
			return strings.TrimSuffix(rest, ">"), true
		}
	}
	return "", false
}
