package hmp_test

import (
	"encoding/binary"
	"testing"

	"github.com/qomd/qomd/devices/cpu"
)

// TestMachineCheck: a processor that takes machine checks, as a debugger made it
// here, has to be done with one before the next, or the machine is reset.
func TestMachineCheck(t *testing.T) {
	m, h := newHuman(t, "q35")
	const line = "mce 0 9 0xb000000000000000 4 0 0"
	var failures []any
	m.Do(func() {
		m.OnEvent = func(name string, data any) {
			if name == "MEMORY_FAILURE" || name == "RESET" {
				failures = append(failures, name)
			}
		}
		cr4, _ := cpu.FindRegister("cr4")
		if err := m.Processors()[0].Processor().Write(cr4, binary.LittleEndian.AppendUint64(nil, 0x40)); err != nil {
			t.Fatal(err)
		}
	})
	for _, want := range []string{
		"",
		"CPU 0: Previous MCE still in progress, raising triple fault",
		"CPU 0: MCE capability is not enabled, raising triple fault", // the reset has cleared CR4
	} {
		if got := run(t, m, h, line); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if len(failures) != 5 || failures[2] != "RESET" || failures[4] != "RESET" {
		t.Errorf("events: %v", failures)
	}
}
