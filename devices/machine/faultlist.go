package machine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// RealizeFault makes a stage of a device's making go wrong once.
type RealizeFault struct {
	Stage  qdev.Stage
	Device string // id or driver; empty: any
	Action FaultAction
	Count  uint64 // which time it happens, from 1
}

// FaultAction is what goes wrong.
type FaultAction string

// The actions.
const (
	FailFault  FaultAction = "fail"  // the stage fails
	PanicFault FaultAction = "panic" // the device's model breaks down
	EjectFault FaultAction = "eject" // the guest ejects the device meanwhile
)

// DMAFault makes a device's mapping of guest memory fail once, as it does when
// its bounce buffers are used up.
type DMAFault struct {
	Holder string // part of the holder's name in the ledger; empty: any
	Count  uint64 // which time it happens, from 1: element k of a request
}

// member is one member of a fault in a list.
type member struct {
	name string
	text *string  // nil: a number
	n    *uint64  // nil: a text
	of   []string // what a text may be; nil: anything
}

func (r *RealizeFault) members() []member {
	return []member{
		{name: "stage", text: (*string)(&r.Stage), of: stageNames()},
		{name: "device", text: &r.Device},
		{name: "action", text: (*string)(&r.Action), of: []string{string(FailFault), string(PanicFault), string(EjectFault)}},
		{name: "count", n: &r.Count},
	}
}

func (f *DMAFault) members() []member {
	return []member{{name: "holder", text: &f.Holder}, {name: "count", n: &f.Count}}
}

func stageNames() []string {
	var names []string
	for _, s := range qdev.Stages() {
		names = append(names, string(s))
	}
	return names
}

// listFault is a member of Faults that is a list; fresh is an element of which
// nothing was said.
func listFault[T any](name string, fresh T, members func(*T) []member, field func(*Faults) *[]T) faultOption {
	return faultOption{name, "x-" + name + "-faults",
		func(f *Faults) any {
			all := make([]any, 0, len(*field(f)))
			for _, v := range *field(f) {
				all = append(all, describe(members(&v)))
			}
			return all
		},
		func(f *Faults, name string, v any) error {
			list, ok := v.([]any)
			if !ok {
				list = []any{v}
			}
			var all []T
			for _, v := range list {
				o, ok := v.(*qjson.Object)
				if !ok {
					return fmt.Errorf("Invalid parameter type for '%s', expected: object", name)
				}
				element := fresh
				if err := fill(members(&element), o); err != nil {
					return err
				}
				all = append(all, element)
			}
			*field(f) = all
			return nil
		}}
}

func describe(members []member) *qjson.Object {
	o := qjson.NewObject()
	for _, m := range members {
		switch {
		case m.n != nil:
			o.Set(m.name, *m.n)
		case *m.text != "":
			o.Set(m.name, *m.text)
		}
	}
	return o
}

func fill(members []member, o *qjson.Object) error {
	for name, v := range o.All() {
		i := slices.IndexFunc(members, func(m member) bool { return m.name == name })
		if i < 0 {
			return fmt.Errorf("Parameter '%s' is unexpected", name)
		}
		if err := members[i].set(v); err != nil {
			return err
		}
	}
	for _, m := range members {
		if m.of != nil && !slices.Contains(m.of, *m.text) {
			return fmt.Errorf("unknown %s '%s', known are %s", m.name, *m.text, strings.Join(m.of, ", "))
		}
	}
	return nil
}

func (m member) set(v any) (err error) {
	if m.n != nil {
		*m.n, err = qom.Value(v).Uint64(m.name)
	} else {
		*m.text, err = qom.Value(v).Str(m.name)
	}
	return err
}

// due counts down how often something still goes well, and reports whether it
// goes wrong this time.
func due(count *uint64) bool {
	if *count == 0 {
		return false
	}
	*count--
	return *count == 0
}
