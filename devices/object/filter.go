package object

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// The filters are objects that sit on a network backend, in an order of their
// own. No packets come by here: they check what QEMU checks, occupy what it
// occupies, and go with their backend.

// filterKey is where a filter keeps its rank on its backend.
const filterKey = "rank of a filter"

// Filters lists the filters on a network backend in their order.
func Filters(t *qom.Tree, netdev string) []*qom.Object {
	var list []*qom.Object
	for _, o := range Container(t).Children() {
		if o.Is("netfilter") && o.HasStored(filterKey) && o.Stored(filterKey).(*rank).netdev == netdev {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *qom.Object) int { return rankOf(a) - rankOf(b) })
	return list
}

// rank is the place of a filter on the backend it was made for, whatever its
// properties say later.
type rank struct {
	netdev string
	at     int
}

func rankOf(o *qom.Object) int { return o.Stored(filterKey).(*rank).at }

// registerFilters adds the filters of network backends.
func registerFilters(t *qom.Types) {
	add(t, qom.TypeInfo{
		Name: "netfilter", Parent: "object", Abstract: true,
		Init: initially("insert", "behind", "position", "tail", "queue", "all", "status", "on"),
		Properties: []*qom.Property{
			choice("status", "Invalid value for netfilter status, should be 'on' or 'off'", "on", "off"),
			choice("insert", "Invalid value for 'insert' property, should be 'before' or 'behind'", "before", "behind"),
		},
	})
	filter := func(name string, also []string, setUp func(*qom.Object) error, props ...*qom.Property) {
		add(t, qom.TypeInfo{Name: name, Parent: "netfilter", Properties: props, ClassInit: with(Behavior{
			Required: append([]string{"netdev"}, also...),
			Complete: func(o *qom.Object) error {
				if err := insertFilter(o); err != nil {
					return err
				}
				return setUp(o)
			}})})
	}
	nothing := func(*qom.Object) error { return nil }
	filter("filter-buffer", []string{"interval"}, nothing, &qom.Property{Name: "interval", Type: "uint32", Get: show("interval"),
		Set: func(o *qom.Object, in qom.Input) error {
			n, err := in.Uint("interval", 32)
			if err == nil && n == 0 {
				err = fmt.Errorf("Property '%s.interval' requires a positive value", o.TypeName())
			}
			if err == nil {
				o.Store("interval", n)
			}
			return err
		}})
	filter("filter-dump", []string{"file"}, openDump, &qom.Property{Name: "maxlen", Type: "uint32",
		Get: func(o *qom.Object) (any, error) { return dumpLength(o), nil },
		Set: func(o *qom.Object, in qom.Input) error {
			n, err := in.Uint("maxlen", 32)
			if err == nil && n == 0 {
				err = fmt.Errorf("Property '%s.maxlen' doesn't take value '0'", o.TypeName())
			}
			if err == nil {
				o.Store("maxlen", n)
			}
			return err
		}})
	filter("filter-mirror", []string{"outdev"}, func(o *qom.Object) error { return take(o, "outdev") }, claims("outdev")...)
	filter("filter-redirector", nil, redirect, claims("indev", "outdev")...)
	filter("filter-rewriter", nil, nothing)
	filter("filter-replay", nil, nothing)
}

// choice is a text property with the values that it takes.
func choice(name, refusal string, values ...string) *qom.Property {
	return &qom.Property{Name: name, Type: "string", Get: show(name), Set: func(o *qom.Object, in qom.Input) error {
		s, err := in.Str(name)
		if err == nil && !slices.Contains(values, s) {
			err = errors.New(refusal)
		}
		if err == nil {
			o.Store(name, s)
		}
		return err
	}}
}

// insertFilter gives a filter its place on its backend, in QEMU's order of
// checks.
func insertFilter(o *qom.Object) error {
	netdev := o.StoredString("netdev")
	if all := qdev.EnvOf(o).Backends; all == nil || all.Netdev(netdev) == nil {
		return errors.New("Parameter 'netdev' expects a network backend id")
	}
	list := Filters(o.Tree(), netdev)
	at, position := len(list), o.StoredString("position")
	switch id, named := strings.CutPrefix(position, "id="); {
	case named:
		if at = slices.IndexFunc(list, func(f *qom.Object) bool { return f.Name() == id }); at < 0 {
			return fmt.Errorf("filter '%s' not found", id)
		}
		if o.StoredString("insert") == "behind" {
			at++
		}
	case position == "head":
		at = 0
	case position != "tail":
		return errors.New("Parameter 'position' expects 'head', 'tail' or 'id=<id>'")
	}
	for i, f := range slices.Insert(list, at, o) {
		f.Store(filterKey, &rank{netdev, i})
	}
	return nil
}

// dumpLength is how many bytes of a packet a dump keeps.
func dumpLength(o *qom.Object) uint64 {
	if n, ok := o.Stored("maxlen").(uint64); ok {
		return n
	}
	return 65536
}

// openDump makes the file of a dump, with the header of a capture that has no
// packets: the format of libpcap, link type Ethernet.
func openDump(o *qom.Object) error {
	name := o.StoredString("file")
	header := []uint32{0xa1b2c3d4, 4<<16 | 2, 0, 0, uint32(dumpLength(o)), 1}
	data, err := binary.Append(nil, binary.LittleEndian, header)
	if err == nil {
		err = os.WriteFile(name, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("Could not open '%s': %s", name, Strerror(err))
	}
	return nil
}

// redirect occupies one or both of a redirector's character devices.
func redirect(o *qom.Object) error {
	in, out := o.StoredString("indev"), o.StoredString("outdev")
	switch {
	case in == "" && out == "":
		return errors.New("filter redirector needs 'indev' or 'outdev' at least one property set")
	case in == out:
		return errors.New("'indev' and 'outdev' could not be same for filter redirector")
	}
	for _, end := range []struct{ prop, name, word string }{{"indev", in, "IN"}, {"outdev", out, "OUT"}} {
		if end.name == "" {
			continue
		}
		if chardevOf(o, end.prop) == nil {
			return &qom.NotFoundError{Path: end.name, What: end.word + " Device"}
		}
		if err := take(o, end.prop); err != nil {
			return err
		}
	}
	return nil
}
