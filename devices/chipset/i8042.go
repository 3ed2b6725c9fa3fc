package chipset

import (
	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/ps2"
	"github.com/qomd/qomd/devices/vmstate"
)

// i8042 is the controller of keyboard and mouse.
type i8042 struct {
	wired
	chip   ps2.Controller
	out    pins
	driven [2]bool // of keyboard and mouse, as they were driven last
}

// Its inputs of the interrupt controllers.
var ps2Inputs = [2]int{keyboardInput, mouseInput}

func (c *i8042) attach(b *Board, of *part) {
	c.wired.attach(b, of)
	b.i8042 = c
	c.chip.Line, c.chip.Reset = c.drive, b.resetMachine
}

func (c *i8042) drive(mouse, on bool) {
	n := 0
	if mouse {
		n = 1
	}
	c.out.set(n, on)
	c.board.lines.level(&c.driven[n], ps2Inputs[n], on)
}

// connect plugs a device in, once it is there.
func (c *i8042) connect(k *ps2.Keyboard, m *ps2.Mouse) {
	if k != nil {
		c.chip.Keyboard = k
	}
	if m != nil {
		c.chip.Mouse = m
	}
	if c.chip.Keyboard != nil && c.chip.Mouse != nil {
		c.chip.Init()
		c.chip.PowerOn()
	}
}

// Reset implements [qdev.Resetter].
func (c *i8042) Reset() {
	if c.board != nil {
		c.chip.PowerOn()
	}
}

// WatchOutputs implements [InterruptOutputs].
func (c *i8042) WatchOutputs(name string, f func(output int, level bool)) bool {
	return c.out.watchUnnamed(name, f)
}

func (c *i8042) registers(region string) (memory.Ops, *memory.Rules) {
	if region == "i8042-cmd" {
		return i8042Command{c}, &acpi.ByteRules
	}
	return i8042Data{c}, &acpi.ByteRules
}

type i8042Data struct{ *i8042 }

func (c i8042Data) Read(uint64, int) uint64           { return uint64(c.chip.Read()) }
func (c i8042Data) Write(_ uint64, _ int, val uint64) { c.chip.Write(uint8(val)) }

type i8042Command struct{ *i8042 }

func (c i8042Command) Read(uint64, int) uint64           { return uint64(c.chip.Status()) }
func (c i8042Command) Write(_ uint64, _ int, val uint64) { c.chip.Command(uint8(val)) }

// VMState implements [vmstate.Stater].
func (c *i8042) VMState(f *vmstate.Fields) {
	c.wired.VMState(f)
	if c.board != nil {
		c.chip.VMState(f)
	}
}
