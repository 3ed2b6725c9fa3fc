package machine

import (
	"fmt"
	"strings"
	"time"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// registerProperties adds what QEMU's initializers add to machine objects, and
// the values that differ from those of a property nobody has touched.
func registerProperties(t *qom.Types, cat *catalog.Catalog) {
	registerPerObject(t, cat)
	t.Add(qom.TypeInfo{
		Name: "machine", Parent: "object", Abstract: true, ClassInit: adds(cat, "machine", settings),
		Init: initially("memory-encryption", "", "dump-guest-core", true, "graphics", true, "mem-merge", true, "spcr", true,
			"boot", bootConfig{}, "memory", memoryConfig{}, "smp-cache", defaultCaches),
	})
	t.Add(qom.TypeInfo{Name: "x86-machine", Parent: "machine", Abstract: true, ClassInit: adds(cat, "x86-machine", settings)})
	t.Add(qom.TypeInfo{
		Name: "generic-pc-machine", Parent: "x86-machine", Abstract: true, ClassInit: adds(cat, "generic-pc-machine", settings),
		Init: initially("boot", bootConfig{Order: bootOrder}, "nvdimm-persistence", "", "cxl-fmw", []any{}, "sgx-epc", []any{},
			"fd-bootchk", true, "hpet", true, "i8042", true, "sata", true, "smbus", true,
			"firmware", "bios-256k.bin", "max-fw-size", uint64(8<<20),
			"vmport", "on", "x-oem-id", "BOCHS ", "x-oem-table-id", "BXPC    "),
	})
}

// registerPerObject tells of the properties that QEMU adds to each PC, where the
// catalog knows only that the type has them.
func registerPerObject(t *qom.Types, cat *catalog.Catalog) {
	for _, m := range cat.Machines() {
		typ := m.Name + "-machine"
		if !cat.Implements(typ, "generic-pc-machine") {
			continue
		}
		t.Add(qom.TypeInfo{Name: typ, Parent: "generic-pc-machine", ClassInit: adds(cat, typ, eachPC)})
	}
}

// initially returns an initializer that stores values, given as names and
// values in turn, for the properties that the machine type has.
func initially(pairs ...any) func(*qom.Object) {
	return func(o *qom.Object) {
		for i := 0; i < len(pairs); i += 2 {
			if name := pairs[i].(string); o.Class().Property(name) != nil {
				o.Store(name, pairs[i+1])
			}
		}
	}
}

// cacheTopology is one element of the property smp-cache.
type cacheTopology struct {
	Cache    string `json:"cache"`
	Topology string `json:"topology"`
}

var defaultCaches = []cacheTopology{{"l1d", "default"}, {"l1i", "default"}, {"l2", "default"}, {"l3", "default"}}

// describe stores what the properties of /machine tell of this machine.
func (m *Machine) describe() error {
	set := func(name string, v any) {
		if m.object.Class().Property(name) != nil {
			m.object.Store(name, v)
		}
	}
	set("memory", m.memoryConfig())
	set("smp", m.topology)
	if m.env.Ways.ShortTopology {
		set("smp", m.topology.short())
	}
	if m.board == nil {
		if m.env.Ways.ShowBootOrder {
			set("boot", qjson.NewObject(qjson.Member{Name: "order", Value: ""}))
		}
		return nil
	}
	if m.typeUpTo(8, 0) {
		set("smbios-entry-point-type", "32")
	}
	set("device-memory-region-size", m.window.Size()) // up to QEMU 8.0
	set("max-ram-below-4g", m.holeAt(0))
	if m.IsQ35() {
		set("max-ram-below-4g", uint64(below4G))
	}
	if power := m.board.PowerDevice; power != nil {
		var err error
		if m.power, err = m.object.AddLink("acpi-device", "hotplug-handler", true, nil); err != nil {
			return err
		}
		m.power.Set(&power.Object)
	}
	if err := m.object.AddWeakLink("smram", "memory-region", func() *qom.Object { return &m.board.SMRAM.Object }); err != nil {
		return err
	}
	if m.env.Ways.LooseBoard {
		if err := m.object.AddWeakLink("rtc_state", "isa-device", func() *qom.Object { return &m.board.Clock.Object }); err != nil {
			return err
		}
	}
	return m.object.AddAlias("rtc-time", &m.board.Clock.Object, "date")
}

// typeUpTo reports whether the machine type is of that version or an earlier one.
func (m *Machine) typeUpTo(major, minor int) bool {
	_, version, _ := strings.Cut(strings.TrimPrefix(m.facts.Name, "pc-"), "-")
	var have [2]int
	if _, err := fmt.Sscanf(version, "%d.%d", &have[0], &have[1]); err != nil {
		return false
	}
	return have[0] < major || have[0] == major && have[1] <= minor
}

// forgetFlash takes the properties away that would name flash chips: a machine
// keeps only those that were used.
func (m *Machine) forgetFlash() {
	for _, name := range [...]string{"pflash0", "pflash1"} {
		if v := m.object.StoredString(name); v == "" && !m.object.HasStored(name) {
			m.object.DeleteProperty(name)
		}
	}
}

// memoryConfig is the property memory; a limit without slots does not show.
func (m *Machine) memoryConfig() memoryConfig {
	c := memoryConfig{Size: m.opts.Memory, Slots: m.opts.MemorySlots}
	if c.Slots > 0 {
		c.MaxSize = m.opts.MaxMemory
	}
	return c
}

// wallClock is the time of the machine's real-time clock. It begins with the
// host's, unless there is another base, and goes on with it, as with QEMU's -rtc
// clock=host, unless it is to follow virtual time or virtual time does not follow
// the host's.
func (m *Machine) wallClock() time.Time {
	start := m.born.UTC()
	switch base := m.opts.RTC.Base; base {
	case "", "utc":
	case "localtime":
		_, zone := m.born.Zone()
		start = start.Add(time.Duration(zone) * time.Second)
	default:
		for _, form := range []string{"2006-01-02T15:04:05", time.DateOnly} {
			if t, err := time.Parse(form, base); err == nil {
				start = t
			}
		}
	}
	if m.clock.mode == RealTime && m.opts.RTC.Clock != "vm" {
		return start.Add(time.Since(m.born))
	}
	return start.Add(time.Duration(m.Now()))
}
