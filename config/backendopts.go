package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// parseJSON reads an argument that is a JSON object, as those that begin with
// a brace are.
func parseJSON(text string) (*qjson.Object, error) {
	var values []any
	var first error
	p := qjson.NewParser()
	// The blank ends a last token that would otherwise be waited for.
	p.Feed([]byte(text+" "), func(v any, err error) {
		if err != nil && first == nil {
			first = err
		} else if err == nil {
			values = append(values, v)
		}
	})
	switch {
	case len(values) > 1 || len(values) == 1 && (first != nil || !p.Idle()):
		return nil, errors.New("Expecting at most one JSON value")
	case first != nil:
		return nil, first
	case !p.Idle():
		line := 1 + strings.Count(text, "\n")
		column := len(text) - strings.LastIndexByte(text, '\n')
		return nil, fmt.Errorf("%d:%d: JSON parse error, premature end of input", line, column)
	case len(values) == 0:
		return nil, errors.New("Expecting a JSON value")
	}
	object, ok := values[0].(*qjson.Object)
	if !ok {
		return nil, errors.New("Expecting a JSON object")
	}
	return object, nil
}

// isJSON tells whether an argument is JSON. QEMU looks at the first byte only.
func isJSON(text string) bool { return text != "" && text[0] == '{' }

// take removes a member that is a string and returns it.
func take(o *qjson.Object, name string) string {
	s := stringOf(o, name)
	if s != "" {
		o.Delete(name)
	}
	return s
}

// orNil returns nil in place of an empty object, so that descriptions compare.
func orNil(o *qjson.Object) *qjson.Object {
	if o.Len() == 0 {
		return nil
	}
	return o
}

func (b *builder) device(a argument) error {
	if !isJSON(a.value) {
		o, err := b.add("device", a)
		if err == nil && isHelp(o.text("driver")) {
			return &HelpRequest{Option: a.name}
		}
		return err
	}
	object, err := parseJSON(a.value)
	if err != nil {
		return err
	}
	d := Device{FromJSON: true, Origin: a.origin, Driver: take(object, "driver"), ID: take(object, "id"), Bus: take(object, "bus")}
	if d.Driver == "" {
		return errors.New("Parameter 'driver' is missing")
	}
	d.Options = orNil(object)
	b.jsonDevices = append(b.jsonDevices, d)
	return nil
}

func (b *builder) objectOption(a argument) error {
	if isJSON(a.value) {
		object, err := parseJSON(a.value)
		if err != nil {
			return err
		}
		return b.addObject(object, true, a.origin)
	}
	o, help, warnings, err := b.groups["object"].parse(a.value, a.origin)
	b.warn(a.origin, warnings...)
	if err != nil {
		return err
	}
	kind := o.text("qom-type")
	if help || isHelp(kind) {
		if isHelp(kind) {
			kind = ""
		}
		return &HelpRequest{Option: a.name, Topic: kind}
	}
	object := qjson.NewObject()
	if o.id != "" {
		object.Set("id", o.id)
	}
	if all := o.all(); all != nil {
		for name, v := range all.All() {
			object.Set(name, v)
		}
	}
	return b.addObject(object, false, a.origin)
}

// addObject adds one object, or the monitor that it is.
func (b *builder) addObject(object *qjson.Object, fromJSON bool, origin Origin) error {
	for _, name := range []string{"qom-type", "id"} {
		v, ok := object.Get(name)
		if _, isString := v.(string); ok && !isString {
			return fmt.Errorf("Invalid parameter type for '%s', expected: string", name)
		}
	}
	kind := take(object, "qom-type")
	if kind == "" {
		return errors.New("Parameter 'qom-type' is missing")
	}
	if !b.creatable(kind) {
		return fmt.Errorf("Parameter 'qom-type' does not accept value '%s'", kind)
	}
	id, ok := object.Get("id")
	if !ok {
		return errors.New("Parameter 'id' is missing")
	}
	object.Delete("id")
	if kind == guestType {
		return b.guestObject(object, fromJSON)
	}
	o := Object{Type: kind, ID: id.(string), Options: orNil(object), FromJSON: fromJSON, Origin: origin}
	if kind == "monitor-qmp" || kind == "monitor-hmp" {
		m, err := monitorOfObject(o)
		if err != nil {
			return err
		}
		b.noMonitor = true
		b.m.Monitors = append(b.m.Monitors, m)
		return nil
	}
	b.m.Objects = append(b.m.Objects, o)
	return nil
}

// creatable tells whether an object of a type can be made by its user: QEMU's
// types that say so, and this project's own, which begin with "x-".
func (b *builder) creatable(kind string) bool {
	if len(kind) > 2 && kind[:2] == "x-" {
		return true
	}
	facts, ok := b.catalog.Type(kind)
	return ok && !facts.Abstract && b.catalog.Implements(kind, "user-creatable")
}

// globalForm is the short form of -global, up to the value.
var globalForm = pattern(`^([^.=]{1,63})\.([^=]{1,63})=`)

func (b *builder) global(a argument) error {
	if m := globalForm().FindStringSubmatch(a.value); m != nil {
		g := b.groups["global"]
		o, err := g.use("", false)
		if err != nil {
			return err
		}
		o.origin = a.origin
		o.pairs = []pair{{"driver", m[1]}, {"property", m[2]}, {"value", a.value[len(m[0]):]}}
		return nil
	}
	o, err := b.add("global", a)
	if err != nil {
		return err
	}
	for _, name := range []string{"driver", "property", "value"} {
		if _, ok := o.get(name); !ok {
			return errors.New("options 'driver', 'property', and 'value' are required")
		}
	}
	return nil
}

// keyvalOrJSON reads an argument of the options that take either.
func keyvalOrJSON(a argument, implied string) (*qjson.Object, error) {
	if isJSON(a.value) {
		return parseJSON(a.value)
	}
	values, help, err := ParseKeyval(a.value, implied)
	switch {
	case err != nil:
		return nil, err
	case isHelp(a.value) && helpfulOptions[a.name]:
		return nil, &HelpRequest{Option: a.name}
	case help:
		return nil, errors.New("Help is not available for this option")
	}
	return values, nil
}

// helpfulOptions are those in the newer syntax that list what they take.
var helpfulOptions = map[string]bool{"audiodev": true, "display": true}

// newOption makes an option of an object with an id under the name idKey.
func newOption(name, idKey string, object *qjson.Object, fromJSON bool, origin Origin) Option {
	return Option{Name: name, ID: take(object, idKey), Options: orNil(object), FromJSON: fromJSON, Origin: origin}
}

func (b *builder) blockdev(a argument) error {
	object, err := keyvalOrJSON(a, "driver")
	if err != nil {
		return err
	}
	if stringOf(object, "driver") == "" {
		return errors.New("Parameter 'driver' is missing")
	}
	o := newOption("blockdev", "node-name", object, isJSON(a.value), a.origin)
	b.m.Blockdevs = append(b.m.Blockdevs, o)
	return nil
}

// tpmdev keeps a TPM back end, which is checked when it is made.
func (b *builder) tpmdev(a argument) error {
	if isHelp(a.value) {
		return &HelpRequest{Option: a.name}
	}
	g := b.groups["tpmdev"]
	o, help, warnings, err := g.parse(a.value, a.origin)
	b.warn(a.origin, warnings...)
	if help {
		g.list = append(g.list, o)
	}
	return err
}

func (b *builder) netdev(a argument) error {
	if !isJSON(a.value) {
		o, err := b.add("netdev", a)
		if err == nil && isHelp(o.text("type")) {
			return &HelpRequest{Option: a.name}
		}
		return err
	}
	object, err := parseJSON(a.value)
	if err != nil {
		return err
	}
	b.m.Netdevs = append(b.m.Netdevs, newOption("netdev", "id", object, true, a.origin))
	return nil
}

// nic says that the network is what -nic and -net describe, and not QEMU's own.
func (b *builder) nic(a argument) error {
	o, err := b.add(a.name, a)
	b.m.NoNetwork = true
	if err == nil && a.name == "nic" && isHelp(o.text("type")) {
		return &HelpRequest{Option: a.name}
	}
	if err == nil && isHelp(o.text("model")) {
		return &HelpRequest{Option: a.name, Topic: "model"}
	}
	return err
}

// finishNICs reads -nic and -net.
func (b *builder) finishNICs() {
	for _, group := range []string{"nic", "net"} {
		for _, o := range b.groups[group].list {
			if o.text("type") != "none" {
				b.m.NICs = append(b.m.NICs, NIC{OnHub: group == "net", ID: o.id, Options: o.all(), Origin: o.origin})
			}
		}
	}
}

func (b *builder) audiodev(a argument) error {
	object, err := keyvalOrJSON(a, "driver")
	if err != nil {
		return err
	}
	o := newOption("audiodev", "id", object, isJSON(a.value), a.origin)
	if o.ID == "" {
		return errors.New("Parameter 'id' is missing")
	}
	b.m.Audiodevs = append(b.m.Audiodevs, o)
	return nil
}

// compat takes a policy for deprecated and unstable parts of the protocol.
func (b *builder) compat(a argument) error {
	object, err := keyvalOrJSON(a, "")
	if err != nil {
		return err
	}
	for name, v := range object.All() {
		values, ok := compatValues[name]
		s, _ := v.(string)
		switch {
		case !ok:
			return fmt.Errorf("Parameter '%s' is unexpected", name)
		case !contains(values, s):
			return fmt.Errorf("Parameter '%s' does not accept value '%s'", name, s)
		}
	}
	if b.m.Compat == nil {
		b.m.Compat = qjson.NewObject()
	}
	return merge(b.m.Compat, object)
}

var (
	compatInput  = []string{"accept", "reject", "crash"}
	compatOutput = []string{"accept", "hide"}
	compatValues = map[string][]string{
		"deprecated-input": compatInput, "deprecated-output": compatOutput,
		"unstable-input": compatInput, "unstable-output": compatOutput,
	}
)

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// newOther keeps an option without effect.
func newOther(a argument) Option {
	o := Option{Name: a.name, Origin: a.origin}
	if a.value != "" {
		o.Options = qjson.NewObject(qjson.Member{Name: "value", Value: a.value})
	}
	return o
}

// fdSet reads one -add-fd. Whether the descriptor is open is for the program
// to find out.
func fdSet(o *opts) (FDSet, error) {
	f := FDSet{Opaque: o.text("opaque"), Origin: o.origin}
	fd, ok := o.get("fd")
	n, err := strconv.ParseInt(fd, 0, 32)
	if !ok || err != nil || n < 0 {
		return f, errors.New("fd option is required and must be non-negative")
	}
	if n <= 2 {
		return f, errors.New("fd cannot be a standard I/O stream")
	}
	f.FD = n
	set, _ := parseNumber("set", o.text("set"))
	f.Set = int64(set)
	return f, nil
}
