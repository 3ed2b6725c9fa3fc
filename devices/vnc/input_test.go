package vnc

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/ps2"
)

// desk is a panel with a PS/2 keyboard and a mouse at it.
type desk struct {
	panel input.Panel
	kbd   ps2.Keyboard
	moves []string
}

func (d *desk) Receive(e input.Event) {
	if e.Kind == input.Key {
		d.kbd.Key(e.Key, e.Down)
	} else {
		d.moves = append(d.moves, fmt.Sprintf("%s %v %s %d", e.Button, e.Down, e.Axis, e.Value))
	}
}

func (d *desk) Sync() {}

func newDesk(takes input.Kind) (*desk, *keyboard) {
	d := new(desk)
	d.kbd.Reset()
	d.kbd.Translate(true)
	d.panel.Add(&input.Handler{Name: "desk", Takes: takes, Device: d})
	k := new(keyboard)
	k.typist = input.Typist{Panel: &d.panel, Awake: func() bool { return true }, After: func(_ time.Duration, f func()) { f() }}
	return d, k
}

// typed are the bytes that came to the keyboard.
func (d *desk) typed() string {
	var list []string
	for d.kbd.Len() > 0 {
		list = append(list, fmt.Sprintf("%02x", d.kbd.Read()))
	}
	return strings.Join(list, " ")
}

// Symbols of clients, one after the other, with what a guest reads of a PS/2
// keyboard: recorded of QEMU 11.1.3.
func TestSymbols(t *testing.T) {
	text, err := os.ReadFile("testdata/keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	d, k := newDesk(input.Key)
	var got []byte
	for line := range strings.Lines(string(text)) {
		var sym uint32
		fmt.Sscanf(line, "%x", &sym)
		k.symbol(sym, true)
		got = fmt.Appendf(got, "%04x|%s", sym, d.typed())
		k.symbol(sym, false)
		got = fmt.Appendf(got, "|%s\n", d.typed())
	}
	if diff := cmp.Diff(string(text), string(got)); diff != "" {
		t.Errorf("(-recorded +got):\n%s", diff)
	}
	k.symbol('b', true)
	k.release()
	if len(k.down) > 0 {
		t.Errorf("%v are down although the client is gone", k.down)
	}
}

// The pointer moves a mouse by as much as it was moved, and a tablet to its place.
func TestPointer(t *testing.T) {
	for _, test := range []struct {
		takes input.Kind
		want  []string
	}{
		{input.Button | input.Relative, []string{" false x 10", " false y -5", "left true  0", " false x 0", " false y 0",
			"left false  0", "wheel-up true  0", " false x 0", " false y 0"}},
		{input.Button | input.Absolute, []string{" false x 511", " false y 682", " false x 1023", " false y 341", "left true  0",
			" false x 1023", " false y 341", "left false  0", "wheel-up true  0", " false x 1023", " false y 341"}},
	} {
		d, _ := newDesk(test.takes)
		m := mouse{panel: &d.panel}
		for _, at := range [][3]int{{0, 10, 10}, {0, 20, 5}, {1, 20, 5}, {8, 20, 5}} {
			m.move(byte(at[0]), at[1], at[2])
		}
		if diff := cmp.Diff(test.want, d.moves); diff != "" {
			t.Errorf("(-want +have):\n%s", diff)
		}
	}
}
