package qmp_test

import (
	"testing"
	"time"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/transcript"
)

// needMachine are recordings of what commands do that these tests do not have.
// They are replayed where there is a whole machine.
var needMachine = map[string]bool{"commands-without-a-machine": true}

// TestReplay plays sessions recorded from QEMU 11.1.3, byte for byte.
func TestReplay(t *testing.T) {
	list, err := transcript.LoadDir("testdata/transcripts")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 55 {
		t.Errorf("%d transcripts, want 55", len(list))
	}
	for _, tr := range list {
		t.Run(tr.Name, func(t *testing.T) {
			if needMachine[tr.Name] {
				t.Skip("needs a machine")
			}
			t.Parallel()
			m := newMachine(nil)
			p := transcript.Player{Dial: dialer(m.serve(t, qmp.Monitor{Name: "main"})), MaxQuiet: 20 * time.Millisecond}
			if err := p.Play(tr); err != nil {
				t.Error(err)
			}
		})
	}
}
