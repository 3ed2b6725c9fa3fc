package qdev

import (
	"log/slog"
	"os"
	"time"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/lifetime"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/trace"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// Env is what a machine offers its devices. One belongs to each tree, as its
// Context; the machine fills it in before it makes the first device.
type Env struct {
	Tree   *qom.Tree
	Memory *memory.System
	Clock  Clock
	Log    *slog.Logger

	// Ways are what the QEMU that the machine is did otherwise.
	Ways catalog.Ways

	// Lifetime is the rule by which devices end.
	Lifetime lifetime.Model

	// Emit sends a QMP event to the monitors.
	Emit func(name string, data any)

	// Peripheral holds devices with an id, PeripheralAnon those that a user
	// made without one, Unattached those of the machine itself.
	Peripheral, PeripheralAnon, Unattached *qom.Object

	// Trace knows which trace points are on.
	Trace *trace.Tracer

	// Input is where devices wait for what a user does at keyboard and mouse.
	Input input.Panel

	// Interrupt tells whoever plays the guest that an interrupt was raised (an
	// SCI, an INTx line that went up, an MSI): it will look at the registers
	// once the current request is over. May be nil.
	Interrupt func()

	// DriveLine asserts an interrupt line of the board, or takes that back; a
	// device does one after the other. nil: there are no lines.
	DriveLine func(line int, on bool)

	// SystemMemory and SystemIO are the roots of the processors' address
	// spaces.
	SystemMemory, SystemIO *memory.Region

	// Lifecycle lets devices end, stop or reset the machine on behalf of its
	// guest; may be nil.
	Lifecycle Lifecycle

	// SystemBus is the main system bus, the root of all buses.
	SystemBus *Bus

	// MachineHandler answers the machine's own hot-plug handler for a device,
	// nil when the device's bus decides. It may be nil itself.
	MachineHandler func(*Device) HotplugHandler
	// MachineForBuses decides about the devices of a bus whose hotplug-handler
	// was led to the machine; may be nil.
	MachineForBuses HotplugHandler

	// Ready is false while the machine is being put together: devices made
	// then are cold-plugged.
	Ready bool
	// OnlyMigratable refuses devices whose state cannot be carried.
	OnlyMigratable bool
	// Migrating reports whether a migration forbids hot-plug; may be nil.
	Migrating func() bool
	// NUMANodes returns how many NUMA nodes the machine has; may be nil.
	NUMANodes func() int
	// DynamicSysbus reports whether the machine takes a sysbus type from a
	// user; may be nil.
	DynamicSysbus func(*qom.Class) bool
	// Defaults are the -global settings and compat properties of the machine,
	// applied to each new device of a type, or of a descendant, in order.
	Defaults []Default
	// Alias answers the type an alias stands for, empty when it is none; may be
	// nil.
	Alias func(string) string
	// Backends finds what properties like netdev and drive name; may be nil:
	// then there are none.
	Backends Backends
	// Descriptor gives up the open file that a device's property names, by its
	// number or as a monitor has named it; nil: there are none.
	Descriptor func(name string) (*os.File, error)
	// Audio returns the id of the sound backend that is meant by id, the default
	// one when it is empty; nil: there are none.
	Audio func(id string) (string, error)
	// Removed is told when a device with an id or a path has gone for good;
	// may be nil.
	Removed func(Removal)

	// Threads gives every processor and every iothread a thread of its own, by
	// whose number managers pin them.
	Threads bool

	// Fault may make a stage of a device's life fail, one of the stages below,
	// or panic there; nil, as it usually is: none does.
	Fault func(Stage, *Device) error

	anonymous, unattached counter // of the names of devices without id

	// LetGo is told when a guest has let go of a device that was sent away.
	LetGo func()

	hiders   []Hider
	resets   []func()
	turns    uint64                  // devices that were realized so far
	draining map[string]*qom.Storage // ids that are taken until their event
	busIDs   map[string]int          // next number of automatic bus names, by class
	macs     macUse
	requests map[*Device]*qjson.Object // of the devices that were plugged into a running machine
}

// Stage is a step in the making of a device, or its removal.
type Stage string

// The stages, in their order.
const (
	StageNew      Stage = "new"      // the object is made
	StageProperty Stage = "property" // a property from the request is set
	StagePrePlug  Stage = "pre-plug" // the hot-plug handler is asked
	StageRealize  Stage = "realize"  // the model's own part
	// StageMigration: the model runs, and its state is registered for migration.
	StageMigration Stage = "migration"
	StageBus       Stage = "bus"  // a bus of the device is realized
	StagePlug      Stage = "plug" // the hot-plug handler takes it over
	// StageUnplug: the device is taken away, by the guest or at once.
	StageUnplug Stage = "unplug"
)

// Stages lists the stages.
func Stages() []Stage {
	return []Stage{StageNew, StageProperty, StagePrePlug, StageRealize, StageMigration, StageBus, StagePlug, StageUnplug}
}

// fault asks whether a stage is to fail.
func (env *Env) fault(s Stage, d *Device) error {
	if env.Fault == nil {
		return nil
	}
	return env.Fault(s, d)
}

// Default is a property value for all devices of a type.
type Default struct {
	Type, Property string
	Value          string // text, as on a command line
	User           bool   // from -global: a mistake is an error, not ours
	used           bool
}

// Used reports whether the setting fitted any device.
func (d *Default) Used() bool { return d.used }

// Removal tells how an unplug ended.
type Removal struct {
	ID, Path   string
	Generation uint64
	Drained    time.Duration // from leaving the tree until the storage was freed
	LastHolder string        // who held the storage last, empty when nobody did
}

// Lifecycle is what a guest can bring about for its machine through a device.
// What happens in the end is up to the actions set for such cases.
type Lifecycle interface {
	// GuestExit ends the machine with an exit status.
	GuestExit(status int)
	// GuestPanicked says that the guest's kernel has given up, CrashLoaded
	// that it goes on with another one to save its memory, and PVShutdown that
	// it shuts down in good order.
	GuestPanicked()
	GuestCrashLoaded()
	GuestPVShutdown()
	// WatchdogFired says that the guest has not shown itself for too long.
	WatchdogFired()
}

// Clock is the machine's virtual clock.
type Clock interface {
	// Now returns virtual time in nanoseconds; it stands still while the
	// machine is stopped.
	Now() int64
	// AfterFunc calls f under the machine's lock once d of virtual time has
	// passed. Stop cancels it and reports whether it was still pending.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending call of a [Clock].
type Timer interface{ Stop() bool }

// Until returns how long it is until a virtual time; it is not negative.
func Until(c Clock, at int64) time.Duration { return time.Duration(max(at-c.Now(), 0)) }

// EnvOf returns the environment of the machine that o belongs to.
func EnvOf(o *qom.Object) *Env { return o.Tree().Context.(*Env) }

// Nodes returns how many NUMA nodes a device can name: one on a machine without
// NUMA.
func (e *Env) Nodes() uint32 {
	if e.NUMANodes == nil {
		return 1
	}
	return uint32(max(e.NUMANodes(), 1))
}
