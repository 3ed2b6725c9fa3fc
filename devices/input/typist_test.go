package input_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/input"
)

// keyboard notes what it gets, and when.
type keyboard struct {
	now  time.Duration
	seen []string
	due  []func()
	at   []time.Duration
	off  bool
}

func (k *keyboard) Receive(e input.Event) {
	k.seen = append(k.seen, fmt.Sprintf("%v %s %v", k.now, e.Key, e.Down))
}

func (k *keyboard) Sync() {}

func (k *keyboard) typist() *input.Typist {
	p := new(input.Panel)
	p.Add(&input.Handler{Takes: input.Key, Device: k})
	return &input.Typist{Panel: p, Awake: func() bool { return !k.off }, After: func(d time.Duration, f func()) {
		k.due, k.at = append(k.due, f), append(k.at, k.now+d)
	}}
}

// run lets all time pass.
func (k *keyboard) run() {
	for len(k.due) > 0 {
		f := k.due[0]
		k.now = k.at[0]
		k.due, k.at = k.due[1:], k.at[1:]
		f()
	}
}

// Keys go down in turn and up again backwards, with pauses; who types while
// another does waits.
func TestTyping(t *testing.T) {
	k := new(keyboard)
	typist := k.typist()
	typist.Press([]input.KeyName{"ctrl", "c"}, 0)
	typist.Press([]input.KeyName{"x"}, time.Second)
	k.run()
	want := []string{"0s ctrl true", "10ms c true", "20ms c false", "30ms ctrl false", "40ms x true", "1.04s x false"}
	if diff := cmp.Diff(want, k.seen); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	k.seen, k.off = nil, true
	typist.Press([]input.KeyName{"a"}, 0)
	k.run()
	if k.seen != nil {
		t.Errorf("a machine that is stopped sees %q", k.seen)
	}
}

// No more than so many steps wait.
func TestTypingTooFast(t *testing.T) {
	k := new(keyboard)
	typist := k.typist()
	for range 600 {
		typist.Press([]input.KeyName{"a"}, 0)
	}
	k.run()
	if n := len(k.seen); n != 1+1024/2 {
		t.Errorf("%d strokes", n)
	}
	typist.Press([]input.KeyName{"b"}, 0)
	if last := k.seen[len(k.seen)-1]; k.due == nil || last[len(last)-6:] != "b true" {
		t.Errorf("afterwards: %q", last)
	}
}

// Numbers are scan codes, with bit 7 for those behind 0xe0.
func TestKeyNumbers(t *testing.T) {
	for number, want := range map[int]input.KeyName{0x1e: "a", 0x9c: "kp_enter", 0x38: "alt", 0xb8: "alt_r", 0x37: "asterisk", 0: "", 0x7fff: ""} {
		if got := input.KeyOf(number); got != want {
			t.Errorf("%#x is %q, not %q", number, got, want)
		}
	}
	if got := input.CodeOf("unmapped"); got != (input.Code{}) {
		t.Errorf("unmapped: %v", got)
	}
}
