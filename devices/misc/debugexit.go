package misc

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// debugExit is isa-debug-exit: a write ends the machine with an odd status.
type debugExit struct {
	qdev.Device
	region memory.Region
}

// Realize implements [qdev.Realizer].
func (d *debugExit) Realize() error {
	env := d.Env()
	d.region.InitIO(env.Memory, &d.Object, memory.Funcs{
		OnWrite: func(_ uint64, _ int, val uint64) {
			if l := env.Lifecycle; l != nil {
				l.GuestExit(int(val<<1|1) & 0xff)
			}
		},
	}, "isa-debug-exit", d.StoredUint("iosize"))
	d.region.SetRules(&memory.Rules{Valid: memory.Access{Min: 1, Max: 4}})
	env.SystemIO.AddSubregion(d.StoredUint("iobase"), &d.region)
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (d *debugExit) Unrealize() { unmap(&d.region) }

// unmap takes a region out of its container.
func unmap(r *memory.Region) {
	if c := r.Container(); c != nil {
		c.DelSubregion(r)
	}
}
