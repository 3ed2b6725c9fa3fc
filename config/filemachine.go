package config

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/lifetime"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/qjson"
)

// fileMachine turns one entry of "machines" into a machine. What a file says
// goes through the same builder as a command line, so that both end as the
// same description.
type fileMachine struct {
	*reader
	b *builder
	// devices are added after the builder is done, because only a file nests
	// them.
	devices []Device
}

// machine reads one entry.
func (r *reader) machine(n *node, key string) (*Machine, bool) {
	before := len(r.errs)
	name := ""
	where, whereKey := n, key
	if v := n.get("catalog"); v != nil {
		where, whereKey = v, key+".catalog"
		r.str(v, whereKey, &name)
	}
	b, err := newBuilder(&r.catalogs, name)
	if err != nil {
		r.fail(where, whereKey, "%w", err)
		return nil, false
	}
	f := &fileMachine{reader: r, b: b}
	f.fields(n, key, f.member)
	if len(r.errs) > before {
		return nil, false
	}
	b.m.Devices = f.devices
	if b.m.Origin == (Origin{}) {
		b.m.Origin = r.origin(n, key)
	}
	b.all = true
	m, err := b.finish()
	if err != nil {
		r.addError(r.origin(n, key), err)
		return nil, false
	}
	return m, true
}

// member reads one member of a machine.
func (f *fileMachine) member(name string, n *node, key string) bool {
	m := &f.b.m
	switch name {
	case "name":
		var s string
		f.str(n, key, &s)
		f.groupSet("name", "guest", s, f.origin(n, key))
	case "uuid":
		var s string
		if f.str(n, key, &s); s != "" {
			var err error
			if m.UUID, err = parseUUID(s); err != nil {
				f.fail(n, key, "%q is not a UUID", s)
			}
		}
	case "type":
		m.Origin = f.origin(n, key)
		var s string
		f.str(n, key, &s)
		f.b.machine.Set("type", s)
	case "type-options":
		f.typeOptions(n, key)
	case "catalog": // was read first
	case "accel":
		f.accels(n, key)
	case "cpu":
		f.str(n, key, &m.CPU)
	case "smp":
		f.smp(n, key)
	case "memory":
		f.memory(n, key)
	case "guest":
		f.guest(n, key)
	case "faults":
		m.Faults = new(machine.Faults)
		f.fields(n, key, func(name string, n *node, key string) bool {
			known, err := m.Faults.Set(name, f.typed(n, key))
			if err != nil {
				f.fail(n, key, "%w", err)
			}
			return known
		})
	case "clock":
		f.word(n, key, &m.Clock, machine.ClockModes()...)
	case "lifetime":
		var s string
		f.str(n, key, &s)
		if _, err := lifetime.ParseRules(s); err != nil {
			f.fail(n, key, "%v", err)
		}
		f.b.machine.Set(lifetimeMember, s)
	case "devices":
		f.list(n, key, func(n *node, key string) { f.devices = append(f.devices, f.device(n, key)) })
	case "objects":
		f.list(n, key, f.object)
	case "globals":
		f.list(n, key, f.global)
	case "chardevs":
		f.list(n, key, f.chardev)
	case "monitors":
		f.list(n, key, f.monitor)
	case "actions":
		f.actions(n, key)
	case "debuggers":
		f.list(n, key, func(n *node, key string) {
			d := Debugger{Origin: f.origin(n, key)}
			f.str(n, key, &d.Device)
			m.Debuggers = append(m.Debuggers, d)
		})
	default:
		return f.simple(name, n, key)
	}
	return true
}

// simple reads the members that are one value and need no thought.
func (f *fileMachine) simple(name string, n *node, key string) bool {
	m := &f.b.m
	flags := map[string]*bool{
		"paused": &m.Paused, "preconfig": &m.Preconfig, "nodefaults": &m.NoDefaults, "nographic": &m.Nographic,
		"snapshot": &m.Snapshot, "only-migratable": &m.OnlyMigratable, "enable-sync-profile": &m.ProfileLock,
	}
	texts := map[string]*string{
		"display": &m.Display, "vga": &m.VGA, "audio": &m.Audio, "pidfile": &m.PIDFile,
		"qtest-log": &m.QTestLog, "incoming": &m.Incoming, "loadvm": &m.LoadVM,
	}
	lists := map[string]*[]Option{
		"drives": &m.Drives, "blockdevs": &m.Blockdevs, "netdevs": &m.Netdevs, "audiodevs": &m.Audiodevs, "tpmdevs": &m.TPMs,
		"fsdevs": &m.Fsdevs, "numa": &m.NUMA,
	}
	ports := map[string]*[]argument{"serials": &f.b.serials, "parallels": &f.b.parallels}
	switch {
	case flags[name] != nil:
		f.flag(n, key, flags[name])
	case texts[name] != nil:
		f.str(n, key, texts[name])
	case lists[name] != nil:
		f.list(n, key, func(n *node, key string) { f.option(strings.TrimSuffix(name, "s"), lists[name], n, key) })
	case ports[name] != nil:
		f.list(n, key, func(n *node, key string) { *ports[name] = append(*ports[name], f.argument(name, n, key)) })
	case name == "qtest":
		f.b.qtests = []argument{f.argument(name, n, key)}
	case name == "rtc":
		f.fields(n, key, func(member string, n *node, key string) bool {
			f.groupSet("rtc", member, f.text(n, key), f.origin(n, key))
			return true
		})
	case name == "boot":
		if f.is(n, key, mapNode, "a map") {
			if boot, _ := f.options(n, key, func(string) bool { return false }); boot != nil {
				f.b.machine.Set("boot", boot)
			}
		}
	default:
		return false
	}
	return true
}

// argument is a value that is written as on a command line.
func (f *fileMachine) argument(name string, n *node, key string) argument {
	a := argument{name: name, origin: f.origin(n, key)}
	f.str(n, key, &a.value)
	return a
}

// groupSet gives a member of a group that merges a value.
func (f *fileMachine) groupSet(group, name, value string, origin Origin) {
	g := f.b.groups[group]
	o, err := g.use("", false)
	if err == nil {
		o.origin = origin
		err = g.set(o, name, value)
	}
	if err != nil {
		f.errs = append(f.errs, at(origin, err))
	}
}

// guest reads who plays the operating system: as [Machine.SetGuest] does, or a
// map of the same.
func (f *fileMachine) guest(n *node, key string) {
	m := &f.b.m
	if n.kind != mapNode {
		var text string
		if f.str(n, key, &text); text != "" {
			if err := m.SetGuest(text); err != nil {
				f.fail(n, key, "%w", err)
			}
		}
		return
	}
	m.Guest = "linux"
	f.fields(n, key, func(name string, n *node, key string) bool {
		if name == "kind" {
			f.word(n, key, &m.Guest, guest.Kinds()...)
			return true
		}
		known, err := m.GuestOptions.Set(name, f.typed(n, key))
		if err != nil {
			f.fail(n, key, "%w", err)
		}
		return known
	})
}

func (f *fileMachine) typeOptions(n *node, key string) {
	if !f.is(n, key, mapNode, "a map") {
		return
	}
	reserved := map[string]string{"type": "type", "accel": "accel", "smp": "smp", "boot": "boot", "memory": "memory"}
	for i, name := range n.keys {
		if own := reserved[name]; own != "" {
			f.fail(&node{line: n.lines[i]}, key+"."+name, "write it as %s of the machine", own)
		}
	}
	values, _ := f.options(n, key, func(name string) bool { return reserved[name] != "" })
	for name, v := range values.All() {
		f.b.machine.Set(name, v)
	}
}

// accels reads one name, or a list of them to try in order.
func (f *fileMachine) accels(n *node, key string) {
	if n.kind != listNode {
		n = &node{kind: listNode, line: n.line, items: []*node{n}}
	}
	for i, item := range n.items {
		var name string
		path := fmt.Sprintf("%s[%d]", key, i)
		f.str(item, path, &name)
		g := f.b.groups["accel"]
		if o, err := g.use("", false); err == nil {
			o.origin, o.pairs = f.origin(item, path), []pair{{"accel", name}}
		}
	}
}

// smp reads a number of processors or a topology.
func (f *fileMachine) smp(n *node, key string) {
	s := &f.b.m.SMP
	s.Origin = f.origin(n, key)
	if n.kind != mapNode {
		f.number(n, key, &s.CPUs)
		return
	}
	f.fields(n, key, func(name string, n *node, key string) bool {
		for _, level := range s.fields() {
			if level.name == name {
				f.number(n, key, level.value)
				if n.text == "0" {
					f.fail(n, key, "must be greater than zero")
				}
				return true
			}
		}
		return false
	})
}

// memory reads a size, or size, slots and max.
func (f *fileMachine) memory(n *node, key string) {
	m := &f.b.m.Memory
	m.Origin = f.origin(n, key)
	if n.kind != mapNode {
		f.size(n, key, &m.Size)
	} else {
		f.fields(n, key, func(name string, n *node, key string) bool {
			switch name {
			case "size":
				f.size(n, key, &m.Size)
			case "max":
				f.size(n, key, &m.MaxSize)
			case "slots":
				f.number(n, key, &m.Slots)
			default:
				return false
			}
			return true
		})
	}
	m.Size = roundUp(m.Size, memoryUnit)
}

func (f *fileMachine) actions(n *node, key string) {
	a := &f.b.m.Actions
	fields := map[string]*string{"reboot": &a.Reboot, "shutdown": &a.Shutdown, "panic": &a.Panic, "watchdog": &a.Watchdog}
	f.fields(n, key, func(name string, n *node, key string) bool {
		if fields[name] == nil {
			return false
		}
		f.word(n, key, fields[name], actionValues[name]...)
		return true
	})
}

// option reads an option that is kept as it is.
func (f *fileMachine) option(name string, to *[]Option, n *node, key string) {
	if !f.is(n, key, mapNode, "a map") {
		return
	}
	idKey := "id"
	if name == "blockdev" {
		idKey = "node-name"
	}
	o := Option{Name: name, Origin: f.origin(n, key)}
	if id := n.get(idKey); id != nil {
		f.str(id, key+"."+idKey, &o.ID)
	}
	o.Options, o.FromJSON = f.options(n, key, func(name string) bool { return name == idKey })
	*to = append(*to, o)
}

// object reads one object, or the monitor that it is.
func (f *fileMachine) object(n *node, key string) {
	if !f.is(n, key, mapNode, "a map") {
		return
	}
	object := qjson.NewObject()
	for _, name := range []string{"qom-type", "id"} {
		if v := n.get(name); v != nil {
			var s string
			f.str(v, key+"."+name, &s)
			object.Set(name, s)
		}
	}
	options, typed := f.options(n, key, func(name string) bool { return object.Has(name) })
	for name, v := range options.All() {
		object.Set(name, v)
	}
	if err := f.b.addObject(object, typed, f.origin(n, key)); err != nil {
		f.fail(n, key, "%w", err)
	}
}

func (f *fileMachine) global(n *node, key string) {
	var g Global
	g.Origin = f.origin(n, key)
	f.fields(n, key, func(name string, n *node, key string) bool {
		switch name {
		case "driver":
			f.str(n, key, &g.Driver)
		case "property":
			f.str(n, key, &g.Property)
		case "value":
			g.Value = f.text(n, key)
		default:
			return false
		}
		return true
	})
	if g.Driver == "" || g.Property == "" {
		f.fail(n, key, "driver, property and value are required")
	}
	f.b.m.Globals = append(f.b.m.Globals, g)
}
