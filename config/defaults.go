package config

// addDefaults adds what QEMU adds to a machine unless told -nodefaults: the
// serial and parallel port of a PC, and a monitor when there is no other.
// They go to a virtual console, or with -nographic to the standard streams.
func (b *builder) addDefaults() {
	m := &b.m
	if m.NoDefaults {
		return
	}
	facts, ok := b.catalog.Machine(m.Type)
	pc := ok && b.catalog.Implements(facts.Name+"-machine", "generic-pc-machine")
	serial := pc && m.Serials == nil && !m.hasDriver("isa-serial")
	monitor := !b.noMonitor
	back := "vc"
	if m.Nographic {
		back = "null"
	}
	stdio := m.Nographic && !m.Daemonize && !m.hasBackend("stdio")
	shared := stdio && monitor && serial // one console for both
	if serial {
		c := Chardev{ID: "serial0", Backend: back}
		if stdio {
			c.Backend, c.Mux = "stdio", monitor
		}
		m.Chardevs = append(m.Chardevs, c)
		m.Serials = []string{c.ID}
	}
	if pc && m.Parallels == nil && !m.hasDriver("isa-parallel") {
		m.Chardevs = append(m.Chardevs, Chardev{ID: "parallel0", Backend: back})
		m.Parallels = []string{"parallel0"}
	}
	if shared {
		m.Monitors = append(m.Monitors, Monitor{ID: b.nextMonitor(), Mode: Readline, Chardev: "serial0"})
		return
	}
	if !monitor {
		return
	}
	id := b.nextMonitor()
	c := Chardev{ID: id, Backend: back}
	if stdio && !serial {
		c.Backend = "stdio"
	}
	m.Chardevs = append(m.Chardevs, c)
	m.Monitors = append(m.Monitors, Monitor{ID: id, Mode: Readline, Chardev: id})
}

func (m *Machine) hasDriver(driver string) bool {
	for _, d := range m.Devices {
		if d.Driver == driver {
			return true
		}
	}
	return false
}

func (m *Machine) hasBackend(backend string) bool {
	for _, c := range m.Chardevs {
		if c.Backend == backend {
			return true
		}
	}
	return false
}
