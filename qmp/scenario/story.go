package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
)

// story is what is known of every device that ever was on a machine.
type story struct {
	ids     []string // in order of appearance
	devices map[string]*device
}

// device is one device, by its id, with the four ways to see it.
type device struct {
	id         string
	generation uint64 // of the one that was in the tree last
	backends   []backend

	deleted bool // DEVICE_DELETED has come for it
	inPCI   bool // query-pci lists it
	onPCI   bool // it should
	inTree  bool // qom-list lists it
	inUse   bool // it uses its backends
}

// backend is something a device uses.
type backend struct{ kind, name string }

func newStory() *story { return &story{devices: map[string]*device{}} }

func (st *story) device(id string) *device {
	d := st.devices[id]
	if d == nil {
		d = &device{id: id}
		st.devices[id] = d
		st.ids = append(st.ids, id)
	}
	return d
}

// emitted is told of every event under the machine's lock.
func (st *story) emitted(name string, data any) {
	if name != "DEVICE_DELETED" {
		return
	}
	if d, ok := data.(qdev.Deleted); ok && d.Device != "" {
		st.device(d.Device).deleted = true
	}
}

// look observes every device, checks that what is seen of it agrees, and
// compares its state with what is expected. The machine's lock is held.
func (st *story) look(m *machine.Machine, want Want) (errs []error) {
	for _, d := range st.devices {
		d.inTree, d.inPCI, d.onPCI, d.inUse = false, false, false, false
	}
	listed := listedIDs(pci.Query(m.PCIRoots()))
	for _, o := range m.Env().Peripheral.Children() {
		q := qdev.From(o)
		if q == nil {
			continue
		}
		d := st.device(q.ID())
		d.inTree = true
		d.onPCI = numbered(q)
		if g := o.Storage().Generation(); g != d.generation {
			d.generation, d.deleted = g, false
		}
		if q.Realized() {
			d.backends = backendsOf(q)
		}
	}
	for id := range listed {
		st.device(id).inPCI = true
	}
	for _, id := range st.ids {
		d := st.devices[id]
		for _, b := range d.backends {
			d.inUse = d.inUse || b.usedBy(m, d)
		}
		if _, err := d.state(); err != nil {
			errs = append(errs, err)
		}
	}
	for _, w := range want.Devices {
		d := st.devices[w.ID]
		if d == nil {
			errs = append(errs, fmt.Errorf("there never was a device %s", w.ID))
			continue
		}
		if s, err := d.state(); err == nil && s != w.State {
			errs = append(errs, fmt.Errorf("device %s\n  want %s\n  got  %s: %s", w.ID, w.State, s, d))
		}
	}
	if want.HasDrain {
		var paths []string
		for _, s := range m.Tree().Draining() {
			paths = append(paths, s.FormerPath())
		}
		if !slices.Equal(paths, want.Draining) {
			errs = append(errs, fmt.Errorf("draining\n  want %s\n  got  %s", strings.Join(want.Draining, ", "), strings.Join(paths, ", ")))
		}
	}
	return errs
}

// state is what the four ways to see a device say together; an error when they
// contradict each other.
func (d *device) state() (State, error) {
	switch {
	case d.inTree && !d.deleted && d.inPCI == d.onPCI && (d.inUse || len(d.backends) == 0):
		return Plugged, nil
	case !d.inTree && !d.inPCI && !d.inUse && d.deleted:
		return Gone, nil
	case !d.inTree && !d.inPCI && !d.inUse:
		return Draining, nil
	}
	return "", fmt.Errorf("device %s: what is to be seen of it contradicts itself: %s", d.id, d)
}

// String tells what is to be seen of a device.
func (d *device) String() string {
	say := func(yes bool, what, not string) string {
		if yes {
			return what
		}
		return not
	}
	parts := []string{
		say(d.inTree, "qom-list has it", "qom-list does not have it"),
		say(d.inPCI, "query-pci has it", "query-pci does not have it"),
		say(d.deleted, "DEVICE_DELETED came", "no DEVICE_DELETED came"),
	}
	if len(d.backends) > 0 {
		parts = append(parts, say(d.inUse, "its backend is in use", "its backend is free"))
	}
	return strings.Join(parts, ", ")
}

// numbered reports whether query-pci is to list a device: it is a PCI function
// on a bus that the guest has numbered.
func numbered(q *qdev.Device) bool {
	d := pci.FromDevice(q)
	if d == nil || d.PCIBus() == nil {
		return false
	}
	for bus := d.PCIBus(); bus != nil && !bus.Root(); bus = bus.Bridge().PCIBus() {
		if bus.Number() == 0 {
			return false
		}
	}
	return true
}

// listedIDs returns the ids that query-pci tells of.
func listedIDs(buses []pci.Info) map[string]bool {
	ids := map[string]bool{}
	var walk func([]pci.DeviceInfo)
	walk = func(list []pci.DeviceInfo) {
		for _, d := range list {
			if d.QdevID != "" {
				ids[d.QdevID] = true
			}
			if d.BridgeInfo != nil && d.BridgeInfo.Devices != nil {
				walk(*d.BridgeInfo.Devices)
			}
		}
	}
	for _, b := range buses {
		walk(b.Devices)
	}
	return ids
}

// backendsOf lists what a device uses.
func backendsOf(q *qdev.Device) (list []backend) {
	for _, kind := range []string{"chardev", "drive", "netdev", "memdev"} {
		if q.Property(kind) == nil {
			continue
		}
		v, err := q.Get(kind)
		if name, ok := v.(string); err == nil && ok && name != "" {
			list = append(list, backend{kind, name})
		}
	}
	return list
}

// usedBy reports whether a backend is in use by d, as the command that deletes
// it would find.
func (b backend) usedBy(m *machine.Machine, d *device) bool {
	switch b.kind {
	case "chardev":
		c := m.Characters.Find(strings.TrimPrefix(b.name, "/chardevs/"))
		return c != nil && c.Busy()
	case "drive":
		return m.Blocks.InUse(b.name)
	case "memdev":
		o, _ := m.Tree().Resolve(b.name, "")
		if o == nil {
			return false
		}
		mem, ok := o.Self().(*object.MemoryBackend)
		return ok && mem.Mapped()
	case "netdev":
		// netdev_del works at any time: a network card keeps what it has.
		return d.inTree
	}
	return false
}
