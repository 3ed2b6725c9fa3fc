package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
)

// checker gathers what is wrong with one machine.
type checker struct {
	catalog *catalog.Catalog
	ids     map[string]Origin
	errs    []error
}

// Check finds what can be known to be wrong before anything is built: names
// that the catalog does not have, ids and sockets used twice. Load has already
// refused what is wrong by itself. All mistakes are joined.
func Check(c *Config) error {
	var errs []error
	var catalogs catalog.Set
	names, sockets := map[string]bool{}, map[string]string{}
	for i := range c.Machines {
		m := &c.Machines[i]
		where := m.Name
		if where == "" {
			where = fmt.Sprintf("machine %d", i+1)
		}
		if m.Name != "" && names[m.Name] {
			where := m.Origin // of its type, where it has one
			where.Key = strings.TrimSuffix(where.Key, ".type")
			errs = append(errs, at(where, fmt.Errorf("the name %q is used twice", m.Name)))
		}
		names[m.Name] = true
		for _, ch := range m.Chardevs {
			s := ch.Socket
			if s == nil || !s.Server || s.Path == "" {
				continue
			}
			if other, ok := sockets[s.Path]; ok {
				errs = append(errs, at(ch.Origin, fmt.Errorf("%s: the socket %s is also used by %s", where, s.Path, other)))
			}
			sockets[s.Path] = where
			if len(s.Path) >= maxSocketPath {
				errs = append(errs, at(ch.Origin, fmt.Errorf("%s: the path of a socket must be shorter than %d bytes: %s", where, maxSocketPath, s.Path)))
			}
		}
		errs = append(errs, checkMachine(&catalogs, m)...)
	}
	return errors.Join(errs...)
}

// maxSocketPath is what fits into a socket's address on Linux.
const maxSocketPath = 108

func checkMachine(catalogs *catalog.Set, m *Machine) []error {
	c, err := catalogs.Open(m.Catalog)
	if err != nil {
		return []error{at(m.Origin, err)}
	}
	k := &checker{catalog: c, ids: map[string]Origin{}}
	if _, ok := c.Machine(m.Type); !ok {
		k.fail(m.Origin, "there is no machine type %q", m.Type)
	}
	for _, a := range m.Accels {
		if _, ok := c.Type(a.Name + "-accel"); !ok {
			k.fail(a.Origin, "there is no accelerator %q", a.Name)
		}
	}
	for i := range m.Devices {
		k.device(&m.Devices[i])
	}
	objects := map[string]bool{}
	for _, o := range m.Objects {
		if objects[o.ID] {
			k.fail(o.Origin, "the id %q is used twice", o.ID)
		}
		objects[o.ID] = true
	}
	return k.errs
}

func (k *checker) fail(origin Origin, format string, args ...any) {
	k.errs = append(k.errs, at(origin, fmt.Errorf(format, args...)))
}

// device checks a device and its children: driver, properties and ids.
func (k *checker) device(d *Device) {
	driver := d.Driver
	if alias := k.catalog.DeviceByAlias(driver); alias != "" {
		driver = alias
	}
	facts, ok := k.catalog.Type(driver)
	switch {
	case !ok || !k.catalog.Implements(driver, "device"):
		k.fail(d.Origin, "there is no device %q", d.Driver)
	case facts.Abstract:
		k.fail(d.Origin, "%q is a kind of devices, not a device", d.Driver)
	default:
		known := map[string]bool{}
		properties, unknown := k.catalog.DeviceProperties(driver)
		for _, p := range properties {
			known[p.Name] = true
		}
		for name := range d.Options.All() {
			if unknown == "" && !known[name] && name != "addr" && name != "port" {
				k.fail(d.Origin, "device %q has no property %q", d.Driver, name)
			}
		}
	}
	if d.ID != "" {
		if _, taken := k.ids[d.ID]; taken {
			k.fail(d.Origin, "the id %q is used twice", d.ID)
		}
		k.ids[d.ID] = d.Origin
	}
	for i := range d.Devices {
		k.device(&d.Devices[i])
	}
}
