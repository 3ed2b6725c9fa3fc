package config

import (
	"fmt"
	"strings"
)

// deviceKeys are the members of a device that are not properties.
var deviceKeys = map[string]bool{"driver": true, "id": true, "bus": true, "devices": true}

// device reads one device with its children.
func (f *fileMachine) device(n *node, key string) Device {
	d := Device{Origin: f.origin(n, key)}
	if !f.is(n, key, mapNode, "a map") {
		return d
	}
	for name, to := range map[string]*string{"driver": &d.Driver, "id": &d.ID, "bus": &d.Bus} {
		if v := n.get(name); v != nil {
			f.str(v, key+"."+name, to)
		}
	}
	if n.get("driver") == nil {
		f.fail(n, key, "the driver is missing")
	}
	if id := n.get("id"); id != nil && id.kind == stringNode && checkID(d.ID) != nil {
		f.fail(id, key+".id", "%q is not an identifier: letters, digits, '-', '.' and '_', starting with a letter", d.ID)
	}
	wrong := f.strings(d.Driver, n, key)
	d.Options, d.FromJSON = f.options(n, key, func(name string) bool { return deviceKeys[name] || wrong[name] })
	if children := n.get("devices"); children != nil {
		f.list(children, key+".devices", func(n *node, key string) { d.Devices = append(d.Devices, f.device(n, key)) })
	}
	return d
}

// strings refuses numbers for properties that are strings: serial: 0123 would
// be read as 83 by some and as text by others. It returns the names of those
// it has complained about.
func (f *fileMachine) strings(driver string, n *node, key string) map[string]bool {
	wrong := map[string]bool{}
	c := f.b.catalog
	if alias := c.DeviceByAlias(driver); alias != "" {
		driver = alias
	}
	properties, _ := c.DeviceProperties(driver)
	for _, p := range properties {
		if v := n.get(p.Name); v != nil && p.Type == "str" && !deviceKeys[p.Name] && v.kind != stringNode {
			wrong[p.Name] = !f.is(v, fmt.Sprintf("%s.%s", key, p.Name), stringNode, "a string")
		}
	}
	return wrong
}

// chardev reads one chardev with the members of -chardev.
func (f *fileMachine) chardev(n *node, key string) {
	if !f.is(n, key, mapNode, "a map") {
		return
	}
	id := ""
	if v := n.get("id"); v == nil {
		f.fail(n, key, "the id is missing")
		return
	} else if f.str(v, key+".id", &id); id == "" {
		return
	}
	g := f.b.groups["chardev"]
	o, err := g.use(id, true)
	if err != nil {
		f.fail(n, key, "%w", err)
		return
	}
	o.origin = f.origin(n, key)
	f.fields(n, key, func(name string, n *node, key string) bool {
		if name == "id" {
			return true
		}
		if err := g.set(o, name, f.text(n, key)); err != nil {
			f.fail(n, key, "%w", err)
		}
		return true
	})
}

// monitor reads one monitor: "address" in the syntax of -qmp, or "chardev",
// with id, mode and pretty. The address "unix:PATH" or "tcp:HOST:PORT" listens
// without waiting unless it says otherwise.
func (f *fileMachine) monitor(n *node, key string) {
	var address, chardev, id, closeAction string
	mode, pretty := Control, false
	ok := f.fields(n, key, func(name string, n *node, key string) bool {
		switch name {
		case "address":
			f.str(n, key, &address)
		case "chardev":
			f.str(n, key, &chardev)
		case "id":
			f.str(n, key, &id)
		case "mode":
			f.word(n, key, &mode, Control, Readline)
		case "pretty":
			f.flag(n, key, &pretty)
		case "close-action":
			f.word(n, key, &closeAction, "none", "delete")
		default:
			return false
		}
		return true
	})
	if !ok {
		return
	}
	origin := f.origin(n, key)
	switch {
	case (address == "") == (chardev == ""):
		f.fail(n, key, "either address or chardev is required")
	case pretty && mode == Readline:
		f.fail(n, key, "pretty is not for mode %s", Readline)
	case closeAction != "" && (id == "" || chardev == ""):
		f.fail(n, key, "close-action is for a monitor with id and chardev")
	case closeAction != "":
		f.b.noMonitor = true
		f.b.m.Monitors = append(f.b.m.Monitors,
			Monitor{ID: id, Mode: mode, Pretty: pretty, Chardev: chardev, Object: true, CloseAction: closeAction, Origin: origin})
	default:
		if err := f.addMonitor(address, chardev, id, mode, pretty, origin); err != nil {
			for _, e := range flatten(err) {
				f.errs = append(f.errs, at(origin, e))
			}
		}
	}
}

// listening makes an address that does not say whether to listen one that
// does, without waiting for a client.
func listening(address string) string {
	for _, prefix := range []string{"unix:", "tcp:", "telnet:", "websocket:"} {
		if strings.HasPrefix(address, prefix) && !strings.Contains(address, ",server") && !strings.Contains(address, ",reconnect") {
			return address + ",server=on,wait=off"
		}
	}
	return address
}

// addMonitor adds a monitor as -mon or -qmp would.
func (f *fileMachine) addMonitor(address, chardev, id, mode string, pretty bool, origin Origin) error {
	f.b.noMonitor = true
	if address != "" {
		if chardev = id; id == "" {
			chardev = f.b.nextMonitor()
			id = chardev
		}
		if err := f.b.chardevWord(chardev, argument{value: listening(address), origin: origin}); err != nil {
			return fmt.Errorf("address %q: %w", address, err)
		}
	}
	o, err := f.b.groups["mon"].use(id, id != "")
	if err != nil {
		return err
	}
	o.origin = origin
	o.pairs = []pair{{"chardev", chardev}, {"mode", mode}}
	if pretty {
		o.pairs = append(o.pairs, pair{"pretty", "on"})
	}
	return nil
}
