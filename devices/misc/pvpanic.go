package misc

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
)

// Events of pvpanic, a bit each; QEMU's docs/specs/pvpanic.
const (
	panicked    = 1 << 0
	crashLoaded = 1 << 1
	pvShutdown  = 1 << 2
)

// panicPort is the register of pvpanic: reading tells which events are
// understood, writing reports one.
type panicPort struct {
	env    *qdev.Env
	events func() uint8
}

// Read implements [memory.Ops].
func (p panicPort) Read(uint64, int) uint64 { return uint64(p.events()) }

// Write implements [memory.Ops]. Like QEMU it reports one event, the worst.
func (p panicPort) Write(_ uint64, _ int, val uint64) {
	l := p.env.Lifecycle
	if l == nil {
		return
	}
	switch {
	case val&panicked != 0:
		l.GuestPanicked()
	case val&crashLoaded != 0:
		l.GuestCrashLoaded()
	case val&pvShutdown != 0:
		l.GuestPVShutdown()
	}
}

var panicRules = memory.Rules{Impl: memory.Access{Min: 1, Max: 1}}

func eventsOf(d *qdev.Device) func() uint8 {
	return func() uint8 { return uint8(d.StoredUint("events")) }
}

// isaPanic is pvpanic on the ISA bus.
type isaPanic struct {
	qdev.Device
	region memory.Region
}

// Realize implements [qdev.Realizer].
func (d *isaPanic) Realize() error {
	env := d.Env()
	d.region.InitIO(env.Memory, &d.Object, panicPort{env, eventsOf(&d.Device)}, "pvpanic", 1)
	d.region.SetRules(&panicRules)
	env.SystemIO.AddSubregion(d.StoredUint("ioport"), &d.region)
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (d *isaPanic) Unrealize() { unmap(&d.region) }

// pciPanic is pvpanic-pci.
type pciPanic struct {
	pci.Device
	region memory.Region
}

// RealizePCI implements [pci.Function].
func (d *pciPanic) RealizePCI() error {
	env := d.Env()
	d.region.InitIO(env.Memory, &d.Object, panicPort{env, eventsOf(&d.Device.Device)}, "pvpanic", 2)
	d.region.SetRules(&panicRules)
	return d.RegisterBAR(0, pci.BARMem, &d.region)
}
