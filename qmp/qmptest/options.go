package qmptest

import (
	"slices"
	"testing"

	"github.com/qomd/qomd/config"
)

// Option says what machine [Start] makes.
type Option func(*options)

type options struct {
	args   []string
	cfg    *config.Machine
	guest  string // empty: the test's own
	paused bool

	lifetime   string
	violations bool
}

// Q35 makes a q35 machine without default devices; so does Start when no option
// says which machine.
func Q35() Option { return machineType("q35") }

// PC makes an i440FX machine without default devices.
func PC() Option { return machineType("pc") }

// None makes a machine without a board: enough to talk about types.
func None() Option { return machineType("none") }

func machineType(name string) Option {
	return func(o *options) { o.args = append(o.args, "-machine", name, "-nodefaults") }
}

// Device plugs a device from the start; spec is what -device takes, text or
// JSON: "qemu-xhci,id=x0".
func Device(spec string) Option { return Args("-device", spec) }

// Object makes an object from the start; spec is what -object takes.
func Object(spec string) Option { return Args("-object", spec) }

// Args adds options of QEMU's command line.
func Args(args ...string) Option {
	return func(o *options) { o.args = append(o.args, args...) }
}

// Config makes the machine that a configuration describes; options that add to
// a command line cannot be used with it. Its sockets are opened too, and its
// guest is used if it names one.
func Config(cfg config.Machine) Option {
	return func(o *options) { o.cfg = &cfg }
}

// Paused leaves the machine in the state prelaunch, as -S does.
func Paused() Option { return func(o *options) { o.paused = true } }

// GuestLinux has a guest that acknowledges at once, as a booted Linux does.
func GuestLinux() Option { return func(o *options) { o.guest = "linux" } }

// GuestNone has no guest: nothing is ever acknowledged, unless the test does it
// by registers.
func GuestNone() Option { return func(o *options) { o.guest = "none" } }

// machine is the configuration of the options.
func (o *options) machine(t testing.TB) config.Machine {
	t.Helper()
	var cfg config.Machine
	switch {
	case o.cfg == nil:
		if !slices.Contains(o.args, "-machine") && !slices.Contains(o.args, "-M") {
			Q35()(o)
		}
		parsed, err := config.ParseArgs("qmptest", o.args)
		if err != nil {
			t.Fatalf("%v", err)
		}
		cfg = *parsed
	case len(o.args) > 0:
		t.Fatal("qmptest: Config cannot be combined with options of a command line")
	default:
		cfg = *o.cfg
	}
	cfg.Paused = cfg.Paused || o.paused
	if o.lifetime != "" {
		cfg.Lifetime = o.lifetime
	}
	return cfg
}
