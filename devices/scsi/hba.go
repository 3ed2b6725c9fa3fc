package scsi

import (
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// HBA is a PCI host adapter as far as the tree goes: it shows itself to
// drivers, and offers a bus whose devices come and go at once. Its registers
// answer nothing.
type HBA struct {
	pci.Device
	bus    Bus
	limits Limits
	decide bool // the adapter is its bus' hot-plug handler, not the bus itself
}

// RealizePCI implements [pci.Function].
func (h *HBA) RealizePCI() error {
	h.RealizeFromFacts()
	h.offerBus()
	return nil
}

func (h *HBA) offerBus() {
	h.bus.InitBus(h.Qdev(), "", h.limits)
	if h.decide {
		h.bus.SetHandler(h)
	}
}

// ESP is am53c974 or dc390: an adapter around the chip "esp", which is a device
// of its own.
type ESP struct {
	HBA
	chip qdev.Device
}

// RealizePCI implements [pci.Function]. The chip is realized before the bus is
// there, and goes with the adapter.
func (e *ESP) RealizePCI() error {
	e.RealizeFromFacts()
	if err := e.chip.Realize(nil); err != nil {
		return err
	}
	e.offerBus()
	return nil
}

// adapters are the types of host adapters with the limits QEMU gives their
// buses.
var adapters = [...]struct {
	typ    string
	limits Limits
	decide bool
}{
	{"lsi53c895a", Limits{Target: 7}, false},
	{"megasas-base", Limits{Target: 64, LUN: 255}, false},
	{"mptsas1068", Limits{Target: 8, LUN: 1}, false},
	{"pvscsi", Limits{Target: 64}, true},
}

// RegisterAdapters adds PCI host adapters to t.
func RegisterAdapters(t *qom.Types) {
	for _, a := range adapters {
		t.Add(qom.TypeInfo{
			Name: a.typ, Parent: "pci-device", Abstract: a.typ == "megasas-base",
			New: func() qom.Instance { return &HBA{limits: a.limits, decide: a.decide} },
		})
	}
	t.Add(qom.TypeInfo{
		Name: "am53c974", Parent: "pci-device",
		New: func() qom.Instance { return &ESP{HBA: HBA{limits: Limits{Target: 7, LUN: 7}}} },
		Init: func(o *qom.Object) {
			e := o.Self().(*ESP)
			if _, err := o.Tree().EmbedChild(o, o, "esp", &e.chip, "esp"); err != nil {
				qdev.EnvOf(o).Log.Error("esp has no place", "device", o.TypeName(), "error", err)
			}
		},
	})
}
