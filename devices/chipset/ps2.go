package chipset

import (
	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/qom"
)

// ps2 is the keyboard or the mouse of a PC. It has its place among the input
// devices; what it gets is lost, as its controller has no data register.
type ps2 struct {
	wired
	handler input.Handler
}

func registerPS2(t *qom.Types) {
	for typ, h := range map[string]input.Handler{
		"ps2-kbd":   {Name: "QEMU PS/2 Keyboard", Takes: input.Key},
		"ps2-mouse": {Name: "QEMU PS/2 Mouse", Takes: input.Button | input.Relative},
	} {
		if t.HasFacts(typ) {
			t.Add(qom.TypeInfo{Name: typ, Parent: "device", New: func() qom.Instance { return &ps2{handler: h} }})
		}
	}
}

// Realize implements [qdev.Realizer].
func (p *ps2) Realize() error {
	p.handler.Device = p
	p.Env().Input.Add(&p.handler)
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (p *ps2) Unrealize() { p.Env().Input.Remove(&p.handler) }

// Receive implements [input.Device], as Sync does.
func (p *ps2) Receive(input.Event) {}

func (p *ps2) Sync() {}
