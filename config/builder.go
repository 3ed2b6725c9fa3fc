package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
)

// builder gathers what the options and sections say, until finish makes a
// Machine of it.
type builder struct {
	catalog *catalog.Catalog // the QEMU to be

	m      Machine
	groups map[string]*optGroup
	// machine is what -machine, -smp and -boot say, as one tree of texts.
	machine *qjson.Object
	// jsonDevices are created after those written as text, as in QEMU.
	jsonDevices []Device
	// serials, parallels and qtests are the words of -serial, -parallel and
	// -qtest.
	serials, parallels, qtests []argument
	// monitors counts what gets an id of the form compat_monitorN.
	monitors           int
	lateError          error // told when there is no other
	vgaGiven, maxGiven bool  // -vga was given, and maxmem= of -m
	// tid says that -d asks for one log for each thread.
	tid bool
	// noMonitor suppresses the default monitor.
	noMonitor bool
	// all asks for every mistake instead of the first.
	all      bool
	warnings []*located
}

// newBuilder starts a machine of the QEMU that a catalog describes: an embedded
// one by name, or a file.
func newBuilder(catalogs *catalog.Set, name string) (*builder, error) {
	cat, err := catalogs.Open(name)
	if err != nil {
		return nil, err
	}
	return &builder{catalog: cat, m: Machine{Catalog: name}, groups: newGroups(cat), machine: qjson.NewObject()}, nil
}

func (b *builder) warn(origin Origin, texts ...string) {
	for _, t := range texts {
		b.warnings = append(b.warnings, &located{origin: origin, err: errors.New(t)})
	}
}

// add parses a use of an option group.
func (b *builder) add(group string, a argument) (*opts, error) {
	o, help, warnings, err := b.groups[group].parse(a.value, a.origin)
	b.warn(a.origin, warnings...)
	if help && (a.name == "device" || a.name == "object") {
		return nil, &HelpRequest{Option: a.name, Topic: o.text(b.groups[group].implied)}
	}
	if help && b.groups[group].params != nil && !deafGroups[group] {
		return nil, &HelpRequest{Option: a.name, Group: group, Failed: true}
	}
	return o, err
}

// deafGroups are those that take no notice of a word "help" among their members.
var deafGroups = map[string]bool{"smbios": true, "netdev": true, "nic": true, "net": true}

// inGroup applies an option that is nothing but a use of a group.
func inGroup(group string) func(*builder, argument) error {
	return func(b *builder, a argument) error {
		implied := b.groups[group].implied
		o, err := b.add(group, a)
		if err == nil && helpWords[group] && isHelp(o.text(implied)) {
			return &HelpRequest{Option: a.name}
		}
		return err
	}
}

// helpWords are the groups whose first value may be "help".
var helpWords = map[string]bool{"chardev": true}

func isHelp(s string) bool { return s == "help" || s == "?" }

// image applies an option that is short for -drive, with a file and what else
// it says.
func image(pairs ...pair) func(*builder, argument) error {
	return func(b *builder, a argument) error {
		o, err := b.groups["drive"].use("", false)
		if err != nil {
			return err
		}
		o.origin = a.origin
		o.pairs = append(slices.Clone(pairs), pair{"file", a.value})
		return nil
	}
}

// flag applies an option without argument.
func flag(field func(*Machine) *bool) func(*builder, argument) error {
	return func(b *builder, _ argument) error {
		*field(&b.m) = true
		return nil
	}
}

// text applies an option whose argument is kept as it is.
func text(field func(*Machine) *string) func(*builder, argument) error {
	return func(b *builder, a argument) error {
		*field(&b.m) = a.value
		return nil
	}
}

// machineProperty applies an option that is short for a property of -machine.
func machineProperty(name string) func(*builder, argument) error {
	return func(b *builder, a argument) error { return setDotted(b.machine, name, a.value) }
}

// machineSwitch applies an option without argument that sets a property of
// -machine.
func machineSwitch(name, value string) func(*builder, argument) error {
	return func(b *builder, _ argument) error { return setDotted(b.machine, name, value) }
}

// keyvalUnder applies an option whose members are those of a member of
// -machine.
func keyvalUnder(member, implied string) func(*builder, argument) error {
	return func(b *builder, a argument) error {
		values, help, err := ParseKeyval(a.value, implied)
		if err != nil {
			return err
		}
		if help || isHelp(stringOf(values, implied)) {
			return &HelpRequest{Option: a.name, Group: member + "-opts"}
		}
		return merge(b.machine, qjson.NewObject(qjson.Member{Name: member, Value: values}))
	}
}

// stringOf returns a member that is a string, or "".
func stringOf(o *qjson.Object, name string) string {
	v, _ := o.Get(name)
	s, _ := v.(string)
	return s
}

// merge adds the members of more to those of into, object by object. A list
// goes to the end of an earlier one.
func merge(into, more *qjson.Object) error {
	for name, value := range more.All() {
		old, ok := into.Get(name)
		if !ok {
			into.Set(name, value)
			continue
		}
		switch value := value.(type) {
		case *qjson.Object:
			o, ok := old.(*qjson.Object)
			if !ok {
				return fmt.Errorf("Parameters '%s.*' used inconsistently", name)
			}
			if err := merge(o, value); err != nil {
				return err
			}
		case []any:
			l, ok := old.([]any)
			if !ok {
				return fmt.Errorf("Parameters '%s.*' used inconsistently", name)
			}
			into.Set(name, append(l, value...))
		default:
			if _, ok := old.(string); !ok {
				return fmt.Errorf("Parameters '%s.*' used inconsistently", name)
			}
			into.Set(name, value)
		}
	}
	return nil
}

func (b *builder) help(a argument) error {
	name := a.name
	if name == "h" {
		name = "help"
	}
	return &HelpRequest{Option: name}
}

func (b *builder) machineOption(a argument) error {
	values, help, err := ParseKeyval(a.value, "type")
	if err != nil {
		return err
	}
	kind := stringOf(values, "type")
	if help || isHelp(kind) {
		if isHelp(kind) || kind == "" {
			kind = b.machineType()
		}
		return &HelpRequest{Option: "machine", Topic: kind}
	}
	values.Delete("id") // which option groups have
	// Underscores in the names of machine properties are an old spelling.
	renamed := qjson.NewObject()
	for name, value := range values.All() {
		renamed.Set(strings.ReplaceAll(name, "_", "-"), value)
	}
	if kind != "" {
		b.m.Origin = a.origin
	}
	return merge(b.machine, renamed)
}

func (b *builder) machineType() string { return stringOf(b.machine, "type") }

func (b *builder) cpu(a argument) error {
	switch {
	case isHelp(a.value):
		return &HelpRequest{Option: "cpu"}
	case a.value == "":
		return Unplaced(errors.New("-cpu option cannot be empty"))
	}
	b.m.CPU = a.value
	return nil
}

func (b *builder) accel(a argument) error {
	o, err := b.add("accel", a)
	if err != nil && strings.Contains(err.Error(), "expects an identifier") {
		b.warnings = append(b.warnings, &located{origin: a.origin, err: err, plain: true})
		return &HelpRequest{Option: "accel"}
	}
	if err == nil && (o.text("accel") == "" || isHelp(o.text("accel"))) {
		return &HelpRequest{Option: "accel"}
	}
	return err
}

func (b *builder) uuid(a argument) (err error) {
	b.m.UUID, err = parseUUID(a.value)
	return err
}

// channels are the beginnings of what -incoming takes as one word.
var channels = []string{"tcp:", "unix:", "fd:", "file:", "exec:", "rdma:", "vsock:"}

// incoming keeps where a machine comes from. Only the form is checked.
func (b *builder) incoming(a argument) error {
	word := a.value == "defer"
	for _, c := range channels {
		word = word || strings.HasPrefix(a.value, c)
	}
	if !word {
		object, err := keyvalOrJSON(a, "channel-type")
		if err != nil {
			return err
		}
		if !object.Has("channel-type") {
			return errors.New("Parameter 'channel-type' is missing")
		}
		if kind := stringOf(object, "channel-type"); kind != "main" && kind != "cpr" {
			return fmt.Errorf("Parameter 'channel-type' does not accept value '%s'", kind)
		}
		b.m.IncomingChannel = object
	}
	b.m.Incoming = a.value
	return nil
}

// action applies the short options for members of -action.
func action(name, value string) func(*builder, argument) error {
	return func(b *builder, a argument) error {
		g := b.groups["action"]
		o, err := g.use("", false)
		if err != nil {
			return err
		}
		return g.set(o, name, value)
	}
}

func (b *builder) watchdog(a argument) error {
	if err := checkAction("watchdog", a.value); err != nil {
		return err
	}
	return action("watchdog", a.value)(b, a)
}

// setForm is the argument of -set.
var setForm = pattern(`^([^.]{1,63})\.([^.]{1,63})\.([^=]{1,63})=(.*)$`)

// set changes a member of an earlier use of a group with an id.
func (b *builder) set(a argument) error {
	m := setForm().FindStringSubmatch(a.value)
	if m == nil {
		return fmt.Errorf("can't parse: \"%s\"", a.value)
	}
	g := b.groups[m[1]]
	if g == nil {
		return fmt.Errorf("There is no option group '%s'", m[1])
	}
	for _, o := range g.list {
		if o.id == m[2] {
			return g.set(o, m[3], m[4])
		}
	}
	return fmt.Errorf("there is no %s \"%s\" defined", m[1], m[2])
}
