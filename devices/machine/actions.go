package machine

// Action is what happens on an event of the guest; QEMU's -action.
type Action string

// The actions. Which of them an event can have is up to the event.
const (
	ActionReset       Action = "reset"
	ActionShutdown    Action = "shutdown"
	ActionPoweroff    Action = "poweroff"
	ActionPause       Action = "pause"
	ActionNone        Action = "none"
	ActionDebug       Action = "debug"
	ActionInjectNMI   Action = "inject-nmi"
	ActionExitFailure Action = "exit-failure"
)

// Actions say what happens when the guest reboots, shuts down, panics, or
// forgets its watchdog.
type Actions struct{ Reboot, Shutdown, Panic, Watchdog Action }

func (a Actions) withDefaults() Actions {
	return Actions{ActionReset, ActionPoweroff, ActionShutdown, ActionReset}.with(a)
}

// with replaces those that b says.
func (a Actions) with(b Actions) Actions {
	for _, p := range []struct {
		to   *Action
		from Action
	}{{&a.Reboot, b.Reboot}, {&a.Shutdown, b.Shutdown}, {&a.Panic, b.Panic}, {&a.Watchdog, b.Watchdog}} {
		if p.from != "" {
			*p.to = p.from
		}
	}
	return a
}

// SetActions changes what happens from now on; empty ones stay as they are.
func (m *Machine) SetActions(a Actions) { m.actions = m.actions.with(a) }

// lifecycle is what devices can bring about for the machine.
type lifecycle struct{ m *Machine }

// actionData is the data of GUEST_PANICKED, GUEST_CRASHLOADED and WATCHDOG.
type actionData struct {
	Action Action `json:"action"`
}

// GuestExit implements [qdev.Lifecycle].
func (l lifecycle) GuestExit(status int) {
	l.m.emit("SHUTDOWN", causeData{true, GuestShutdown})
	l.m.exit(status)
}

// GuestPanicked implements [qdev.Lifecycle].
func (l lifecycle) GuestPanicked() {
	m := l.m
	switch m.actions.Panic {
	case ActionPause:
		m.emit("GUEST_PANICKED", actionData{"pause"})
		m.stopAs(Panicked)
	case ActionShutdown, ActionExitFailure:
		m.emit("GUEST_PANICKED", actionData{"poweroff"})
		failed := m.actions.Panic == ActionExitFailure
		m.stopAs(Panicked)
		m.emit("SHUTDOWN", causeData{true, GuestPanic})
		switch {
		case failed:
			m.exit(1)
		case m.actions.Shutdown != ActionPause:
			m.exit(0)
		}
	default:
		m.emit("GUEST_PANICKED", actionData{"run"})
	}
}

// GuestCrashLoaded implements [qdev.Lifecycle].
func (l lifecycle) GuestCrashLoaded() { l.m.emit("GUEST_CRASHLOADED", actionData{"run"}) }

// GuestPVShutdown implements [qdev.Lifecycle].
func (l lifecycle) GuestPVShutdown() {
	l.m.emit("GUEST_PVSHUTDOWN", nil)
	l.m.Shutdown(GuestShutdown)
}

// WatchdogFired implements [qdev.Lifecycle].
func (l lifecycle) WatchdogFired() {
	m := l.m
	action := m.actions.Watchdog
	m.emit("WATCHDOG", actionData{action})
	switch action {
	case ActionReset:
		m.SystemReset(GuestReset)
	case ActionShutdown:
		m.Powerdown()
	case ActionPoweroff:
		m.exit(0)
	case ActionPause:
		m.stopAs(Watchdog)
	case ActionInjectNMI:
		m.InjectNMI()
	}
}
