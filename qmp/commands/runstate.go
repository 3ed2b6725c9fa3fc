package commands

import (
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
)

// runState registers qapi/run-state.json and the commands of qapi/misc.json
// that change the run state.
func (c *Commands) runState() {
	qmp.Register(c.set, "query-status", 0, c.queryStatus)
	qmp.Register(c.set, "stop", 0, func(*qmp.Call, none) (none, error) { c.m.Stop(); return none{}, nil })
	qmp.Register(c.set, "cont", 0, func(*qmp.Call, none) (none, error) { return none{}, c.m.Cont() })
	qmp.Register(c.set, "system_reset", 0, func(*qmp.Call, none) (none, error) {
		c.m.SystemReset(machine.HostQMPSystemReset)
		return none{}, nil
	})
	qmp.Register(c.set, "system_powerdown", 0, func(*qmp.Call, none) (none, error) {
		c.m.Powerdown()
		return none{}, nil
	})
	qmp.Register(c.set, "system_wakeup", 0, func(*qmp.Call, none) (none, error) { return none{}, c.m.Wakeup() })
	qmp.Register(c.set, "x-exit-preconfig", qmp.Unstable, func(*qmp.Call, none) (none, error) {
		return none{}, c.m.ExitPreconfig()
	})
	qmp.Register(c.set, "set-action", 0, c.setAction)
	qmp.Register(c.set, "watchdog-set-action", 0, c.setWatchdogAction)
}

type actionArgs struct {
	Reboot   machine.Action `json:"reboot"`
	Shutdown machine.Action `json:"shutdown"`
	Panic    machine.Action `json:"panic"`
	Watchdog machine.Action `json:"watchdog"`
}

func (c *Commands) setAction(_ *qmp.Call, a actionArgs) (none, error) {
	c.m.SetActions(machine.Actions(a))
	return none{}, nil
}

type watchdogArgs struct {
	Action machine.Action `json:"action"`
}

func (c *Commands) setWatchdogAction(_ *qmp.Call, a watchdogArgs) (none, error) {
	c.m.SetActions(machine.Actions{Watchdog: a.Action})
	return none{}, nil
}

type statusInfo struct {
	Running bool `json:"running"`
	// Step is of versions that had single steps in the run state.
	Step   *bool            `json:"singlestep,omitempty"`
	Status machine.RunState `json:"status"`
}

func (c *Commands) queryStatus(*qmp.Call, none) (statusInfo, error) {
	info := statusInfo{Running: c.m.Running(), Status: c.m.State()}
	if c.m.Env().Ways.SingleStep {
		info.Step = new(bool)
	}
	return info, nil
}
