package commands

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qom"
)

// interrupts registers the queries about interrupt controllers of
// qapi/machine.json.
func (c *Commands) interrupts() {
	qmp.Register(c.set, "x-query-irq", qmp.Unstable, func(*qmp.Call, none) (humanText, error) {
		return humanText{InterruptCounts(c.m)}, nil
	})
	qmp.Register(c.set, "x-query-interrupt-controllers", qmp.Unstable, func(*qmp.Call, none) (humanText, error) {
		return humanText{InterruptControllers(c.m)}, nil
	})
}

// eachController calls f for every interrupt controller, in QEMU's order.
func eachController(m *machine.Machine, f func(o *qom.Object, i chipset.InterruptController)) {
	m.Tree().Root().WalkHashed(func(o *qom.Object) {
		if i, ok := o.Self().(chipset.InterruptController); ok {
			f(o, i)
		}
	})
}

// InterruptCounts is the text of x-query-irq: how often the lines of each
// controller rose.
func InterruptCounts(m *machine.Machine) string {
	var b strings.Builder
	eachController(m, func(o *qom.Object, i chipset.InterruptController) {
		counts := i.InterruptCounts()
		if counts == nil {
			return
		}
		fmt.Fprintf(&b, "IRQ statistics for %s:\n", o.TypeName())
		for line, n := range counts {
			if n > 0 {
				fmt.Fprintf(&b, "%2d: %d\n", line, n)
			}
		}
	})
	return b.String()
}

// InterruptControllers is the text of x-query-interrupt-controllers: their
// registers.
func InterruptControllers(m *machine.Machine) string {
	var b strings.Builder
	eachController(m, func(_ *qom.Object, i chipset.InterruptController) { b.WriteString(i.InterruptText()) })
	return b.String()
}
