package chipset

import (
	"github.com/qomd/qomd/devices/acpi"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/vmstate"
)

// speaker is port 0x61: the gate of the timer's channel 2, whether its output
// makes a sound, which nobody hears, and what of both can be read.
type speaker struct {
	wired
	on      bool
	refresh bool // toggles whenever it is read, as the refresh of memory did
}

// The channel it works with, and the bits of the port.
const (
	speakerChannel = 2
	speakerGate    = 0x01
	speakerOn      = 0x02
	speakerRefresh = 0x10
	speakerOut     = 0x20
)

func (s *speaker) registers(string) (memory.Ops, *memory.Rules) {
	return speakerPort{s}, &acpi.ByteRules
}

type speakerPort struct{ *speaker }

func (s speakerPort) Read(uint64, int) (val uint64) {
	s.refresh = !s.refresh
	c := &s.board.pit.chip.Channels[speakerChannel]
	for _, b := range [...]struct {
		on  bool
		bit uint64
	}{{c.Gate, speakerGate}, {s.on, speakerOn}, {s.refresh, speakerRefresh}, {c.Out(s.board.pit.now()), speakerOut}} {
		if b.on {
			val |= b.bit
		}
	}
	return val
}

func (s speakerPort) Write(_ uint64, _ int, val uint64) {
	s.board.pit.chip.Channels[speakerChannel].SetGate(s.board.pit.now(), val&speakerGate != 0)
	s.on = val&speakerOn != 0
}

// VMState implements [vmstate.Stater].
func (s *speaker) VMState(f *vmstate.Fields) {
	s.wired.VMState(f)
	f.Field("on", &s.on)
	f.Field("refresh", &s.refresh)
}
