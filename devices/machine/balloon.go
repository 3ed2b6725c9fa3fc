package machine

import "github.com/qomd/qomd/qom"

// Balloon is a device through which the guest gives memory back. A model that
// is one implements it. Sizes are in bytes.
type Balloon interface {
	// BalloonActual returns how much of memory the guest has now.
	BalloonActual(memory uint64) uint64
	// SetBalloonTarget asks the guest to use no more than target of memory.
	SetBalloonTarget(target, memory uint64)
}

// Balloon returns the machine's balloon, nil when it has none.
func (m *Machine) Balloon() Balloon {
	var found Balloon
	for _, top := range []*qom.Object{m.env.Peripheral, m.env.PeripheralAnon, m.env.Unattached} {
		top.Walk(func(o *qom.Object) bool {
			if b, ok := o.Self().(Balloon); ok {
				found = b
			}
			return found == nil
		})
	}
	return found
}
