package machine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/cpu"
)

// MachineCheck is an error of the hardware that a processor is told of.
type MachineCheck struct {
	Bank         int64  // of registers, in which it is told
	Status       uint64 // of the bank
	GlobalStatus uint64 // of the processor
	Broadcast    bool   // the other processors are told that it happened
}

// failure is the data of MEMORY_FAILURE.
type failure struct {
	Recipient string       `json:"recipient"`
	Action    string       `json:"action"`
	Flags     failureFlags `json:"flags"`
}

type failureFlags struct {
	ActionRequired bool `json:"action-required"`
	Recursive      bool `json:"recursive"`
}

// CheckProcessor injects a machine check into a processor. An error that was not
// corrected resets the machine where the processor does not take machine checks
// or has not done with the last one; said is told of that.
func (m *Machine) CheckProcessor(s *CPUSlot, check MachineCheck, said func(string)) error {
	c := s.Processor()
	switch {
	case c == nil || c.CheckBanks() == 0:
		return errors.New("MCE injection not supported")
	case check.Bank >= int64(c.CheckBanks()):
		return errors.New("Invalid MCE bank number")
	case check.Status&cpu.CheckValid == 0:
		return errors.New("Invalid MCE status code")
	case check.Broadcast && !c.BroadcastsChecks():
		return errors.New("Guest CPU does not support MCA broadcast")
	}
	reset := m.check(s, check, said)
	if check.Broadcast {
		others := check
		others.Status = cpu.CheckValid | cpu.CheckUncorrected
		others.GlobalStatus = 5 // in progress; what was running can go on
		for _, p := range slices.Clone(m.Processors()) {
			if p != s {
				reset = m.check(p, others, said) || reset
			}
		}
	}
	if reset {
		m.SystemReset(GuestReset)
	}
	return nil
}

// check tells one processor, and reports whether that resets the machine.
func (m *Machine) check(s *CPUSlot, check MachineCheck, said func(string)) (reset bool) {
	c := s.Processor()
	what := failure{Recipient: "guest", Action: "inject"}
	what.Flags.ActionRequired = check.Status&cpu.CheckActionRequired != 0
	if check.Status&cpu.CheckUncorrected != 0 {
		switch {
		case !c.TakesChecks():
			said(fmt.Sprintf("CPU %d: MCE capability is not enabled, raising triple fault", s.Index))
			reset = true
		case c.InCheck():
			said(fmt.Sprintf("CPU %d: Previous MCE still in progress, raising triple fault", s.Index))
			what.Flags.Recursive = true
			reset = true
		default:
			c.TakeCheck(check.GlobalStatus)
		}
	}
	if reset {
		what.Action = "reset"
	}
	m.emit("MEMORY_FAILURE", what)
	return reset
}
