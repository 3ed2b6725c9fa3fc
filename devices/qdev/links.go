package qdev

import "github.com/qomd/qomd/qom"

// linkProperty makes p a strong link: while it is set, the object it leads to
// is held. The token is kept as the property's value.
func linkProperty(p *qom.Property, typ string, fixed bool) {
	held := func(o *qom.Object) *qom.Hold {
		h, _ := o.Stored(p.Name).(*qom.Hold)
		return h
	}
	p.Target = func(o *qom.Object) *qom.Object {
		if h := held(o); h != nil {
			return h.Object()
		}
		return nil
	}
	p.Get = func(o *qom.Object) (any, error) {
		if t := p.Target(o); t != nil {
			return t.Path(), nil
		}
		return "", nil
	}
	p.Set = func(o *qom.Object, in qom.Input) error {
		target, err := o.ResolveLink(p.Name, typ, in)
		if err != nil {
			return err
		}
		// QEMU looks the target up before it asks whether the link may change.
		if fixed {
			if err := checkLinkUnrealized(o, p.Name); err != nil {
				return err
			}
		}
		old := held(o)
		var h *qom.Hold
		if target != nil {
			h = new(qom.Hold)
			target.HoldBy(h, o, qom.HoldLink, ownerName(o)+"."+p.Name, 1)
		}
		o.Store(p.Name, h)
		if old != nil {
			old.Release()
		}
		return nil
	}
	p.Release = func(o *qom.Object) {
		if h := held(o); h != nil {
			o.Store(p.Name, (*qom.Hold)(nil))
			h.Release()
		}
	}
}

// ownerName names the holder of something: its path, or its type before it has
// one.
func ownerName(o *qom.Object) string {
	if d := From(o); d != nil {
		return d.Label()
	}
	if path := o.Path(); path != "" {
		return path
	}
	return o.TypeName()
}
