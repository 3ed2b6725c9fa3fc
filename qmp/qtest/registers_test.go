package qtest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/qtest"
)

// TestRegisters plays random programs of register accesses that were recorded
// with QEMU 11.1.3: for each command the answer, before it what is told of
// interrupts, and now and then, behind bars, what x-query-interrupt-controllers
// and x-query-irq say.
func TestRegisters(t *testing.T) {
	for _, c := range []struct{ file, board string }{
		{"interrupts-q35", "q35"}, {"interrupts-pc", "pc"}, {"timer-q35", "q35"}, {"clock-q35", "q35"},
		{"keyboard-q35", "q35"},
	} {
		t.Run(c.file, func(t *testing.T) {
			m, s := newServer(t, c.board)
			replayRegisters(t, m, s, "testdata/registers-"+c.file+".txt")
		})
	}
}

func replayRegisters(t *testing.T, m *machine.Machine, s *qtest.Server, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	asked := false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| ") {
			if !asked {
				got.WriteString(controllers(m))
			}
			asked = true
			continue
		}
		asked = false
		command, _, ok := strings.Cut(line, " => ")
		if !ok {
			continue // it tells of an interrupt
		}
		told := strings.Split(s.Run(command), "\n")
		told[len(told)-1] = command + " => " + told[len(told)-1]
		got.WriteString(strings.Join(told, "\n") + "\n")
	}
	if diff := cmp.Diff(string(text), got.String()); diff != "" {
		t.Errorf("%s (-recorded +got):\n%s", file, diff)
	}
}

// controllers is the state of the interrupt controllers, line by line.
func controllers(m *machine.Machine) string {
	var text string
	m.Do(func() { text = commands.InterruptControllers(m) + commands.InterruptCounts(m) })
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("| " + line)
	}
	return b.String()
}
