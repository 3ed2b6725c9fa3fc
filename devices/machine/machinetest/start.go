package machinetest

import (
	"testing"

	"github.com/qomd/qomd/devices/machine"
)

// New makes a machine that is closed when the test ends.
func New(t testing.TB, o machine.Options) *machine.Machine {
	t.Helper()
	m, err := machine.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// Boot builds m and lets it run.
func Boot(t testing.TB, m *machine.Machine) {
	t.Helper()
	var err error
	m.Do(func() {
		if err = m.Build(); err == nil {
			err = m.Ready(true)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Start makes a machine that runs.
func Start(t testing.TB, o machine.Options) *machine.Machine {
	t.Helper()
	m := New(t, o)
	Boot(t, m)
	return m
}
