package machine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/qomd/qomd/devices/guest"
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
	f.m.arm()
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
	// Machines may share a description.
	m.faults.armed.Realize = slices.Clone(m.faults.armed.Realize)
	m.faults.armed.DMA = slices.Clone(m.faults.armed.DMA)
	m.arm()
	return nil
}

// arm lets devices ask for faults while there are some.
func (m *Machine) arm() {
	armed := &m.faults.armed
	m.env.Fault, m.env.Memory.DMAFault, m.env.Memory.Elsewhere = nil, nil, nil
	if len(armed.Realize) > 0 {
		m.env.Fault = m.realizeFault
	}
	if len(armed.DMA) > 0 {
		m.env.Memory.DMAFault = m.dmaFault
	}
	m.env.Memory.Reclaimer.Stall(armed.StallGrace)
	if armed.ReleaseElsewhere {
		m.env.Memory.Elsewhere = m.async.Go
	}
}

// realizeFault does the damage of the fault that is due, which is used up.
func (m *Machine) realizeFault(s qdev.Stage, d *qdev.Device) error {
	action := m.dueAtStage(s, d)
	switch action {
	case "":
		return nil
	case PanicFault:
		panic(fmt.Sprintf("fault armed for stage '%s'", s))
	case EjectFault:
		if l, ok := m.guest.(*guest.Linux); ok {
			return l.Eject(d.ID())
		}
		return errors.New("the guest does not run")
	}
	return fmt.Errorf("fault armed for stage '%s' of '%s'", s, d.TypeName())
}

// dueAtStage counts down the faults that fit and returns the action of the one
// that is due, empty when none is.
func (m *Machine) dueAtStage(s qdev.Stage, d *qdev.Device) FaultAction {
	f := m.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.armed.Realize {
		r := &f.armed.Realize[i]
		if r.Stage == s && (r.Device == "" || r.Device == d.ID() || r.Device == d.TypeName()) && due(&r.Count) {
			return cmp.Or(r.Action, FailFault)
		}
	}
	return ""
}

// dmaFault reports whether a mapping fails.
func (m *Machine) dmaFault(holder string) bool {
	f := m.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.armed.DMA {
		d := &f.armed.DMA[i]
		if strings.Contains(holder, d.Holder) && due(&d.Count) {
			return true
		}
	}
	return false
}

// reclaim ends the grace periods that may end, and reports whether any did.
func (m *Machine) reclaim() bool {
	r := &m.env.Memory.Reclaimer
	if !r.Stalled() {
		return r.Run()
	}
	if m.faults == nil || m.faults.armed.GracePeriods == 0 || r.Step() == 0 {
		return false
	}
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	m.faults.armed.GracePeriods--
	return true
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
	m.arm()
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
