package chipset

import (
	"iter"
	"slices"
	"strconv"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// wiring is what a fixed device knows of the interrupt lines that leave it.
// QEMU shows each as a link to the input at its other end; the table of them
// belongs to the board's description, so that a machine pays nothing for it.
type wiring struct {
	board *Board
	wires []*qom.Property
}

func (w *wiring) attach(b *Board, p *part) { w.board, w.wires = b, p.wires }

func (w *wiring) lines() *wiring { return w }

// LiveProperties are the links to the inputs; see [qom.Lister].
func (w *wiring) LiveProperties() iter.Seq[*qom.Property] { return slices.Values(w.wires) }

// wired is a fixed device that has no code of its own.
type wired struct {
	qdev.Device
	wiring
}

// wiredTypes are the types of those that have interrupt outputs.
var wiredTypes = []string{
	"hpet",
}

// wire describes one line: from the named output to an input of the part with
// the key to, or of the board where that is empty. Without an input the line
// is there and leads nowhere.
func wire(output, to, input string) *qom.Property { return wireOr(output, to, input, "") }

// wireOr is wire for a line that leads to an input of the board where there is no
// such part.
func wireOr(output, to, input, pin string) *qom.Property {
	target := func(o *qom.Object) *qom.Object {
		w, ok := o.Self().(interface{ lines() *wiring })
		if !ok || input == "" || w.lines().board == nil {
			return nil
		}
		b := w.lines().board
		if to == "" {
			return b.env.Unattached.Child(b.pinName(input))
		}
		if d := b.device(to); d != nil {
			return d.Child(input)
		}
		if pin != "" {
			return b.env.Unattached.Child(b.pinName(pin))
		}
		return nil
	}
	return qom.FixedLink(&qom.Property{
		Name: output, Type: "link<irq>", Target: target,
		Get: func(o *qom.Object) (any, error) {
			if t := target(o); t != nil {
				return t.Path(), nil
			}
			return "", nil
		},
	})
}

// wires describes n lines, the outputs stem[0] and on, each to the input of the
// board that pin numbers; a negative number is no input.
func wires(stem string, n int, pin func(int) int) []*qom.Property {
	list := make([]*qom.Property, n)
	for i := range list {
		input := ""
		if k := pin(i); k >= 0 {
			input = boardPins[k]
		}
		list[i] = wire(stem+"["+strconv.Itoa(i)+"]", "", input)
	}
	return list
}

// out is an output without a name.
func out(n int) string { return "unnamed-gpio-out[" + strconv.Itoa(n) + "]" }

// straight is the pin of a line whose number is that of its input.
func straight(i int) int { return i }
