package machine

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// faultsType is the type of /machine/faults. QEMU has no such thing: the object
// is there only on a machine that was made with faults, armed or not.
const faultsType = "x-faults"

// faults is what is armed on a machine.
type faults struct {
	qom.Object
	m *Machine // nil when made by introspection

	mu    sync.Mutex // monitors look without the machine's lock
	armed Faults
}

func faultsOf(o *qom.Object) *faults { return o.Self().(*faults) }

// registerFaults adds the type; its properties are the members of [Faults].
func registerFaults(t *qom.Types) {
	info := qom.TypeInfo{Name: faultsType, Parent: "object", New: func() qom.Instance { return new(faults) }}
	for _, o := range faultOptions() {
		info.Properties = append(info.Properties, &qom.Property{Name: o.name, Type: o.typ,
			Get: func(obj *qom.Object) (any, error) {
				f := faultsOf(obj)
				f.mu.Lock()
				defer f.mu.Unlock()
				return o.get(&f.armed), nil
			},
			Set: func(obj *qom.Object, in qom.Input) error { return faultsOf(obj).set(o, in.Raw()) },
		})
	}
	t.Add(info)
}

func (f *faults) set(o faultOption, v any) error {
	if f.m == nil {
		return errors.New("there is no machine to harm")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := o.set(&f.armed, o.name, v); err != nil {
		return err
	}
	f.m.armRealize()
	return nil
}

// buildFaults makes /machine/faults where the machine is to have it.
func (m *Machine) buildFaults() error {
	if m.opts.Faults == nil {
		return nil
	}
	o, err := m.env.Tree.NewChild(m.object, "faults", faultsType)
	if err != nil {
		return err
	}
	m.faults = faultsOf(o)
	m.faults.m, m.faults.armed = m, *m.opts.Faults
	m.faults.armed.Realize = slices.Clone(m.faults.armed.Realize) // machines may share a description
	m.armRealize()
	return nil
}

// armRealize lets devices ask for faults while there are some.
func (m *Machine) armRealize() {
	m.env.Fault = nil
	if len(m.faults.armed.Realize) > 0 {
		m.env.Fault = m.realizeFault
	}
}

// realizeFault counts down the faults that fit; the one that is due is used up.
func (m *Machine) realizeFault(s qdev.Stage, d *qdev.Device) error {
	f := m.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.armed.Realize {
		r := &f.armed.Realize[i]
		if r.Stage != s || r.Count == 0 || r.Device != "" && r.Device != d.ID() && r.Device != d.TypeName() {
			continue
		}
		if r.Count--; r.Count == 0 {
			return fmt.Errorf("fault armed for stage '%s' of '%s'", s, d.TypeName())
		}
	}
	return nil
}

// graceStalled reports whether grace periods are kept from ending.
func (m *Machine) graceStalled() bool {
	if m.faults == nil {
		return false
	}
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	return m.faults.armed.StallGrace
}

// MonitorFaults returns what clients of the monitors are to suffer from. It
// needs no lock.
func (m *Machine) MonitorFaults() MonitorFaults {
	if m.faults == nil {
		return MonitorFaults{}
	}
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	return m.faults.armed.Monitor
}

// disarm ends all faults.
func (m *Machine) disarm() {
	if m.faults == nil {
		return
	}
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	m.faults.armed = Faults{}
	m.env.Fault = nil
}

// HasFaults reports whether faults can be armed at all.
func (m *Machine) HasFaults() bool { return m.faults != nil }

// TakeOvertake uses up one reply that is to wait for the event after it, and
// reports whether there was one. It needs no lock.
func (m *Machine) TakeOvertake() bool {
	if m.faults == nil {
		return false
	}
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	n := &m.faults.armed.Monitor.Overtake
	if *n == 0 {
		return false
	}
	*n--
	return true
}
