package commands

import (
	"time"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qom"
)

// lifetime registers the commands that only qomd has: who holds an object, and
// which storages drain.
func (c *Commands) lifetime() {
	qmp.Register(c.set, "x-query-references", qmp.Unstable, c.queryReferences)
	qmp.Register(c.set, "x-query-draining", qmp.Unstable, c.queryDraining)
}

// reference is one entry of an object's ledger. Times are in microseconds:
// since is counted from the start of the machine's ledger, age until now.
type reference struct {
	Kind   string `json:"kind"`
	Holder string `json:"holder"`
	Count  uint32 `json:"count"`
	Since  int64  `json:"since"`
	Age    int64  `json:"age"`
}

// references lists who holds o: the child property of its parent first, then
// the tokens, oldest first.
func (c *Commands) references(o *qom.Object) []reference {
	list := []reference{}
	if p := o.Parent(); p != nil {
		list = append(list, reference{Kind: qom.HoldChild.String(), Holder: p.Path(), Count: 1})
	}
	holds := o.Holds()
	now := c.m.Tree().Now()
	for i := len(holds) - 1; i >= 0; i-- {
		h := holds[i]
		list = append(list, reference{
			Kind: h.Kind().String(), Holder: h.Who(), Count: h.Count(),
			Since: micros(h.Since()), Age: micros(now - h.Since()),
		})
	}
	return list
}

func micros(ns int64) int64 { return ns / int64(time.Microsecond) }

func (c *Commands) queryReferences(_ *qmp.Call, a pathArgs) ([]reference, error) {
	o, err := c.resolve(a.Path, true)
	if err != nil {
		return nil, err
	}
	return c.references(o), nil
}

// draining is a storage whose device left the tree but is still held.
type draining struct {
	Type       string           `json:"type"`
	Path       string           `json:"path"` // the root's, until it left
	Generation uint64           `json:"generation"`
	Age        int64            `json:"age"` // microseconds since it left
	References uint32           `json:"storage-references"`
	Objects    []drainingObject `json:"objects"`
}

// drainingObject is an object in such a storage that is not finalized.
type drainingObject struct {
	Type       string      `json:"type"`
	Name       string      `json:"name"`
	Phase      string      `json:"phase"`
	References []reference `json:"references"`
}

func (c *Commands) queryDraining(*qmp.Call, none) ([]draining, error) {
	list := []draining{}
	now := c.m.Tree().Now()
	for _, s := range c.m.Tree().Draining() {
		since, _ := s.DrainingSince()
		d := draining{
			Type: s.TypeName(), Path: s.FormerPath(), Generation: s.Generation(),
			Age: micros(now - since), References: s.Ref() + 1, Objects: []drainingObject{},
		}
		for _, o := range append([]*qom.Object{s.Root()}, s.Members()...) {
			if o.Phase() >= qom.Finalized {
				continue
			}
			d.Objects = append(d.Objects, drainingObject{
				Type: o.TypeName(), Name: o.Name(), Phase: o.Phase().String(), References: c.references(o),
			})
		}
		list = append(list, d)
	}
	return list, nil
}
