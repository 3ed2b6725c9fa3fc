package daemon

import (
	"log/slog"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/qdev"
)

// Error is a mistake in a machine's description.
type Error struct {
	Origin config.Origin // where it was written
	Err    error
}

func (e *Error) Error() string {
	if where := e.Origin.String(); where != "" {
		return where + ": " + e.Err.Error()
	}
	return e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// rtcOption is a member of -rtc.
func rtcOption(cfg config.Machine, name string) string {
	if cfg.RTC == nil {
		return ""
	}
	v, _ := cfg.RTC.Get(name)
	s, _ := v.(string)
	return s
}

// machineOptions translates a description.
func machineOptions(cfg config.Machine, opts Options, log *slog.Logger) (machine.Options, error) {
	o := machine.Options{
		RTC:  machine.RTC{Base: rtcOption(cfg, "base"), Clock: rtcOption(cfg, "clock")},
		Name: cfg.Name, UUID: cfg.UUID, Type: cfg.Type, Settings: cfg.TypeOptions, CPU: cfg.CPU,
		Memory: cfg.Memory.Size, MaxMemory: cfg.Memory.MaxSize, MemorySlots: int(cfg.Memory.Slots),
		DefaultAudio: !cfg.NoDefaults && len(cfg.Audiodevs) == 0,
		Guest:        cfg.Guest, GuestOptions: cfg.GuestOptions, Clock: machine.ClockMode(cfg.Clock), Faults: cfg.Faults, Lifetime: cfg.Lifetime, NewGuest: opts.NewGuest, Log: log,
		Firmware: cfg.Firmware, Boot: cfg.Boot,
		Threads: opts.Threads, OnlyMigratable: cfg.OnlyMigratable, ProfileLock: cfg.ProfileLock, MemoryPath: cfg.MemoryPath,
		Actions: machine.Actions{
			Reboot: machine.Action(cfg.Actions.Reboot), Shutdown: machine.Action(cfg.Actions.Shutdown),
			Panic: machine.Action(cfg.Actions.Panic), Watchdog: machine.Action(cfg.Actions.Watchdog),
		},
	}
	o.Firmware.NoGraphics = cfg.Nographic
	if opts.Stepped {
		o.Clock = machine.SteppedTime
	}
	var err error
	if o.Catalog, err = opts.Shared.catalogs.Open(cfg.Catalog); err != nil {
		return o, &Error{Origin: cfg.Origin, Err: err}
	}
	smp, err := cfg.SMP.Resolve(o.Catalog, cfg.Type)
	if err != nil {
		return o, &Error{Origin: cfg.SMP.Origin, Err: err}
	}
	o.SMP = machine.SMP{
		CPUs: int(smp.CPUs), Sockets: int(smp.Sockets), Dies: int(smp.Dies), Modules: int(smp.Modules),
		Cores: int(smp.Cores), Threads: int(smp.Threads),
	}
	if len(cfg.Accels) > 0 {
		o.Accel = cfg.Accels[0].Name
	}
	if o.Guest == "" && o.Accel != "qtest" {
		// Nobody chose this guest, so that nobody looks for the object to steer
		// it: the tree is QEMU's.
		o.Guest, o.HideGuest = opts.Guest, true
	}
	o.Types = opts.Shared.typesOf(o.Catalog)
	for _, g := range cfg.Globals {
		o.Defaults = append(o.Defaults, qdev.Default{Type: g.Driver, Property: g.Property, Value: g.Value, User: true})
	}
	return o, nil
}
