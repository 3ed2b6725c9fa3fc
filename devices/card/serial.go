package card

import (
	"fmt"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// maxPorts is how many ports the largest card has.
const maxPorts = 4

// Serial is pci-serial, pci-serial-2x or pci-serial-4x: a card around ports of
// type "serial".
type Serial struct {
	pci.Device
	ports [maxPorts]qdev.Device
	n     int
}

// RealizePCI implements [pci.Function]. The ports go with the card. Those of
// the larger cards have their character devices from the card's properties.
func (s *Serial) RealizePCI() error {
	s.RealizeFromFacts()
	for i := range s.n {
		if err := s.ports[i].Realize(nil); err != nil {
			return err
		}
	}
	return nil
}

// ExitPCI implements [pci.Exiter].
func (s *Serial) ExitPCI() {
	for i := range s.n {
		s.ports[i].Unrealize()
	}
}

// embed makes the ports children of the card. The only port of the small card
// lends it its properties.
func (s *Serial) embed(o *qom.Object) error {
	for i := range s.n {
		name := "serial"
		if s.n > 1 {
			name = fmt.Sprintf("serial[%d]", i)
		}
		port, err := o.Tree().EmbedChild(o, o, name, &s.ports[i], "serial")
		if err != nil {
			return err
		}
		if s.n > 1 {
			continue
		}
		for _, p := range [...]string{"baudbase", "chardev", "wakeup"} {
			if port.Property(p) == nil {
				continue
			}
			if err := o.AddAlias(p, port, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// SDHost is sdhci-pci.
type SDHost struct {
	pci.Device
	bus qdev.Bus
}

// RealizePCI implements [pci.Function].
func (s *SDHost) RealizePCI() error {
	s.RealizeFromFacts()
	qdev.InitBus(&s.bus, "sdhci-bus", s.Qdev(), nil, "sd-bus")
	return nil
}

// Register adds the cards to t.
func Register(t *qom.Types) {
	for _, n := range [...]int{1, 2, 4} {
		typ := "pci-serial"
		if n > 1 {
			typ += fmt.Sprintf("-%dx", n)
		}
		t.Add(qom.TypeInfo{
			Name: typ, Parent: "pci-device",
			New: func() qom.Instance { return &Serial{n: n} },
			Init: func(o *qom.Object) {
				if err := o.Self().(*Serial).embed(o); err != nil {
					qdev.EnvOf(o).Log.Error("serial port has no place", "device", o.TypeName(), "error", err)
				}
			},
		})
	}
	t.Add(qom.TypeInfo{Name: "sdhci-pci", Parent: "pci-device", New: func() qom.Instance { return new(SDHost) }})
}
