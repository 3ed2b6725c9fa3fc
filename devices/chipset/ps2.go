package chipset

import (
	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/ps2"
	"github.com/qomd/qomd/devices/vmstate"
	"github.com/qomd/qomd/qom"
)

// ps2Keyboard is the keyboard of a PC, ps2Mouse its mouse.
type ps2Keyboard struct {
	wired
	handler input.Handler
	chip    ps2.Keyboard
}

type ps2Mouse struct {
	wired
	handler input.Handler
	chip    ps2.Mouse
}

func registerPS2(t *qom.Types) {
	for typ, make := range map[string]func() qom.Instance{
		"i8042":     func() qom.Instance { return new(i8042) },
		"ps2-kbd":   func() qom.Instance { return new(ps2Keyboard) },
		"ps2-mouse": func() qom.Instance { return new(ps2Mouse) },
	} {
		if t.HasFacts(typ) {
			t.Add(qom.TypeInfo{Name: typ, Parent: "device", New: make})
		}
	}
}

// Realize implements [qdev.Realizer].
func (k *ps2Keyboard) Realize() error {
	k.handler = input.Handler{Name: "QEMU PS/2 Keyboard", Takes: input.Key, Device: k}
	k.Env().Input.Add(&k.handler)
	k.board.i8042.connect(&k.chip, nil)
	k.chip.Reset()
	return nil
}

func (m *ps2Mouse) Realize() error {
	m.handler = input.Handler{Name: "QEMU PS/2 Mouse", Takes: input.Button | input.Relative, Device: m}
	m.Env().Input.Add(&m.handler)
	m.board.i8042.connect(nil, &m.chip)
	m.chip.Reset()
	return nil
}

// Unrealize implements [qdev.Unrealizer].
func (k *ps2Keyboard) Unrealize() { k.Env().Input.Remove(&k.handler) }

func (m *ps2Mouse) Unrealize() { m.Env().Input.Remove(&m.handler) }

// Reset implements [qdev.Resetter].
func (k *ps2Keyboard) Reset() { k.chip.Reset() }

func (m *ps2Mouse) Reset() { m.chip.Reset() }

// Receive implements [input.Device], as Sync does.
func (k *ps2Keyboard) Receive(e input.Event) { k.chip.Key(e.Key, e.Down) }

func (k *ps2Keyboard) Sync() {}

func (m *ps2Mouse) Receive(e input.Event) { m.chip.Receive(e) }

func (m *ps2Mouse) Sync() { m.chip.Sync() }

// VMState implements [vmstate.Stater].
func (k *ps2Keyboard) VMState(f *vmstate.Fields) {
	k.wired.VMState(f)
	k.chip.VMState(f)
}

func (m *ps2Mouse) VMState(f *vmstate.Fields) {
	m.wired.VMState(f)
	m.chip.VMState(f)
}
