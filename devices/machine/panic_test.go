package machine_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/machine/machinetest"
)

// What breaks under the machine's lock ends there, is logged, and gives up the
// lock.
func TestPanic(t *testing.T) {
	var text bytes.Buffer
	m := machinetest.Start(t, machine.Options{Type: "none", Log: slog.New(slog.NewTextHandler(&text, nil))})
	m.Do(func() { panic("it broke") })
	m.Do(func() {
		if got := text.String(); !strings.Contains(got, `panic="it broke"`) || !strings.Contains(got, "panic_test.go") {
			t.Errorf("logged %q", got)
		}
	})
}
