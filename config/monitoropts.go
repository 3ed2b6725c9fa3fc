package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The two kinds of monitor, by the names of -mon.
const (
	Control  = "control"  // QMP
	Readline = "readline" // HMP
)

// monDeprecated is what QEMU says about the first -mon, where it has the objects.
const monDeprecated = "'-mon' is deprecated, use '-object' with 'monitor-hmp' or 'monitor-qmp' types instead"

func (b *builder) mon(a argument) error {
	if b.catalog.Has("monitor-qmp") && !b.warnedMon() {
		b.warn(a.origin, monDeprecated)
	}
	b.noMonitor = true
	_, err := b.add("mon", a)
	return err
}

func (b *builder) warnedMon() bool {
	for _, w := range b.warnings {
		if w.err.Error() == monDeprecated {
			return true
		}
	}
	return false
}

// monitorWord applies -monitor, -qmp and -qmp-pretty, which make a chardev and
// a monitor at once.
func (b *builder) monitorWord(a argument) error {
	b.noMonitor = true
	if a.name == "monitor" && a.value == "none" {
		return nil
	}
	id, ok := strings.CutPrefix(a.value, "chardev:")
	if !ok {
		id = b.nextMonitor()
		if err := b.chardevWord(id, a); err != nil {
			return wordErrors(a.origin, err, fmt.Errorf("parse error: %s", a.value))
		}
	}
	o, err := b.groups["mon"].use(id, true)
	if err != nil {
		return err
	}
	o.origin = a.origin
	o.pairs = []pair{{"chardev", id}, {"mode", Control}}
	if a.name == "monitor" {
		o.pairs[1].value = Readline
	} else if a.name == "qmp-pretty" {
		o.pairs = append(o.pairs, pair{"pretty", "on"})
	}
	return nil
}

// wordErrors joins the reason why a word is refused, if there is one to tell,
// with what QEMU says after it.
func wordErrors(origin Origin, reason, then error) error {
	if errors.Is(reason, errUnparsed) {
		return at(origin, then)
	}
	return errors.Join(at(origin, reason), at(origin, then))
}

func (b *builder) nextMonitor() string {
	id := "compat_monitor" + strconv.Itoa(b.monitors)
	b.monitors++
	return id
}

// errUnparsed is a word whose beginning is known and whose rest is not: QEMU
// has no message of its own for that.
var errUnparsed = errors.New("not understood")

// chardevWord adds a chardev in the one-word syntax.
func (b *builder) chardevWord(id string, a argument) error {
	pairs, known := compatPairs(a.value)
	if pairs == nil {
		if known {
			return errUnparsed
		}
		return fmt.Errorf("'%s' is not a valid char driver", strings.TrimPrefix(a.value, "mon:"))
	}
	g := b.groups["chardev"]
	o, err := g.use(id, true)
	if err != nil {
		return err
	}
	o.origin = a.origin
	for _, p := range pairs {
		if err := g.set(o, p.name, p.value); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) serial(a argument) error {
	b.serials = append(b.serials, a)
	return nil
}

func (b *builder) parallel(a argument) error {
	b.parallels = append(b.parallels, a)
	return nil
}

func (b *builder) qtest(a argument) error {
	b.qtests = append(b.qtests, a)
	return nil
}

// newMonitor makes a monitor of the members of -mon.
func (b *builder) newMonitor(o *opts) (Monitor, error) {
	m := Monitor{ID: o.id, Mode: Readline, Chardev: o.text("chardev"), Pretty: o.flag("pretty", false), Origin: o.origin}
	if mode, ok := o.get("mode"); ok {
		if mode != Control && mode != Readline {
			return m, fmt.Errorf("Parameter 'mode' does not accept value '%s'", mode)
		}
		m.Mode = mode
	}
	if m.Mode == Readline && m.Pretty {
		return m, errors.New("'pretty' is not compatible with HMP monitors")
	}
	if m.Chardev == "" {
		return m, errors.New("Parameter 'chardev' is missing")
	}
	if m.ID == "" {
		m.ID = b.nextMonitor()
	}
	return m, b.m.addMonitor(m)
}

// addMonitor adds a monitor whose chardev must be there and free, but for one
// that several front ends may share.
func (m *Machine) addMonitor(mon Monitor) error {
	c := m.chardev(mon.Chardev)
	if c == nil {
		return fmt.Errorf("chardev \"%s\" not found", mon.Chardev)
	}
	for _, other := range m.Monitors {
		if other.ID == mon.ID {
			return fmt.Errorf("attempt to add duplicate property '%s' to object (type 'container')", mon.ID)
		}
		if other.Chardev == mon.Chardev && !c.Mux {
			return fmt.Errorf("chardev '%s' is already in use", mon.Chardev)
		}
	}
	m.Monitors = append(m.Monitors, mon)
	return nil
}

// chardev returns the chardev with an id, or nil.
func (m *Machine) chardev(id string) *Chardev {
	for i := range m.Chardevs {
		if m.Chardevs[i].ID == id {
			return &m.Chardevs[i]
		}
	}
	return nil
}

// monitorOfObject makes a monitor of -object monitor-qmp or monitor-hmp.
func monitorOfObject(o Object) (Monitor, error) {
	m := Monitor{ID: o.ID, Mode: Control, Object: true, Origin: o.Origin}
	if o.Type == "monitor-hmp" {
		m.Mode = Readline
	}
	for name, v := range o.Options.All() {
		var err error
		switch {
		case name == "chardev":
			m.Chardev, err = asString(name, v)
		case name == "pretty" && m.Mode == Control:
			m.Pretty, err = asBool(name, v, o.FromJSON)
		case name == "readline" && m.Mode == Readline:
			var with bool
			with, err = asBool(name, v, o.FromJSON)
			m.NoReadline = !with
		case name == "close-action" && m.Mode == Control:
			m.CloseAction, err = asString(name, v)
			if err == nil && m.CloseAction != "none" && m.CloseAction != "delete" {
				err = fmt.Errorf("Parameter 'close-action' does not accept value '%s'", m.CloseAction)
			}
		case o.FromJSON:
			err = fmt.Errorf("Parameter '%s' is unexpected", name)
		default:
			err = fmt.Errorf("Invalid parameter '%s'", name)
		}
		if err != nil {
			return m, err
		}
	}
	if m.Chardev == "" {
		return m, errors.New("Parameter 'chardev' is missing")
	}
	return m, nil
}

func asString(name string, v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("Invalid parameter type for '%s', expected: string", name)
	}
	return s, nil
}

func asBool(name string, v any, strict bool) (bool, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	s, ok := v.(string)
	if strict || !ok {
		return false, fmt.Errorf("Invalid parameter type for '%s', expected: boolean", name)
	}
	return parseBool(name, s)
}
