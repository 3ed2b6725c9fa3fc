package lifetime

import (
	"slices"
	"time"

	"github.com/qomd/qomd/qom"
)

// Reference is an entry of an object's ledger. Times are in microseconds: Since
// counts from the start of the machine's ledger, Age until now.
type Reference struct {
	Kind   string `json:"kind"`
	Holder string `json:"holder"`
	Count  uint32 `json:"count"`
	Since  int64  `json:"since"`
	Age    int64  `json:"age"`
	// From is the path of the object whose reference it is, or its type and
	// generation once it has left the tree; empty when it is none of the tree's.
	From string `json:"from,omitempty"`
}

// Object is an object that is not finalized, with who holds it: the child
// property of its parent first, then the tokens, oldest first.
type Object struct {
	Type       string      `json:"type"`
	Name       string      `json:"name"`
	Phase      string      `json:"phase"`
	References []Reference `json:"references"`
}

// Storage is an allocation with the objects in it.
type Storage struct {
	Type       string `json:"type"`
	Path       string `json:"path"` // the owner's, until it left the tree
	Generation uint64 `json:"generation"`
	// Age is how long ago the owner left the tree, in microseconds; 0 while it
	// is there.
	Age        int64  `json:"age"`
	References uint32 `json:"storage-references"`
	Policy     string `json:"policy"`
	// Device says that DEVICE_DELETED is due when the storage is freed.
	Device bool `json:"device"`
	// Cycle says that nobody but storage that is itself leaving holds it: it
	// will never be freed.
	Cycle   bool     `json:"cycle"`
	Objects []Object `json:"objects"`
}

// Draining describes the storages whose owner has left the tree and that are
// still held, oldest first.
func Draining(t *qom.Tree) []Storage {
	list := []Storage{}
	cycles := Cycles(t)
	for _, s := range t.Draining() {
		list = append(list, describe(s, cycles[s]))
	}
	return list
}

// All describes the storages that are not freed, oldest first: of a tree that was
// closed these are its leaks.
func All(t *qom.Tree) []Storage {
	var list []Storage
	cycles := Cycles(t)
	for s := range t.Storages() {
		list = append(list, describe(s, cycles[s]))
	}
	slices.Reverse(list)
	return list
}

// Of describes the storage that an object lives in.
func Of(o *qom.Object) Storage { return describe(o.Storage(), Cycles(o.Tree())[o.Storage()]) }

// References lists who holds an object.
func References(o *qom.Object) []Reference {
	list := []Reference{}
	if p := o.Parent(); p != nil {
		list = append(list, Reference{Kind: qom.HoldChild.String(), Holder: name(p), Count: 1, From: name(p)})
	}
	holds := o.Holds()
	now := o.Tree().Now()
	for _, h := range slices.Backward(holds) {
		r := Reference{
			Kind: h.Kind().String(), Holder: h.Who(), Count: h.Count(),
			Since: micros(h.Since()), Age: micros(now - h.Since()),
		}
		if from := h.From(); from != nil {
			r.From = name(from)
		}
		list = append(list, r)
	}
	return list
}

func describe(s *qom.Storage, cycle bool) Storage {
	d := Storage{
		Type: s.TypeName(), Path: s.FormerPath(), Generation: s.Generation(), References: s.Ref() + 1,
		Policy: s.Policy().String(), Cycle: cycle, Objects: []Object{},
	}
	root := s.Root()
	if root == nil {
		return d // freed
	}
	d.Device = root.Is("device")
	if since, ok := s.DrainingSince(); ok {
		d.Age = micros(s.Tree().Now() - since)
	} else {
		d.Path = root.Path()
	}
	for _, o := range append([]*qom.Object{root}, s.Members()...) {
		if o.Phase() < qom.Finalized {
			d.Objects = append(d.Objects, Object{
				Type: o.TypeName(), Name: o.Name(), Phase: o.Phase().String(), References: References(o),
			})
		}
	}
	return d
}

// name spells an object: its path, or what it is and was.
func name(o *qom.Object) string {
	if p := o.Path(); p != "" {
		return p
	}
	if s := o.Storage(); s != nil {
		former := s.FormerPath()
		if former == "" {
			former = s.TypeName()
		}
		if s.Root() != o {
			former += "/" + o.Name()
		}
		return former
	}
	return o.TypeName()
}

func micros(ns int64) int64 { return ns / int64(time.Microsecond) }
