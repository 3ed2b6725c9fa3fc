package machine

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/cxl"
	"github.com/qomd/qomd/devices/dimm"
	"github.com/qomd/qomd/devices/dirtyrate"
	"github.com/qomd/qomd/devices/fsdev"
	"github.com/qomd/qomd/devices/guard"
	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/intc"
	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/migration"
	"github.com/qomd/qomd/devices/net"
	"github.com/qomd/qomd/devices/numa"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/tpm"
	"github.com/qomd/qomd/devices/trace"
	"github.com/qomd/qomd/devices/vnc"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// SMP is the CPU topology; zero fields are filled in as QEMU does.
type SMP struct {
	CPUs, Sockets, Dies, Modules, Cores, Threads, MaxCPUs int
}

// RTC is how the real-time clock goes, as -rtc says it: Base is "utc", which is
// the default, "localtime" or a date and time; Clock is "host", "rt" or "vm".
type RTC struct{ Base, Clock string }

// Options say what machine to make.
type Options struct {
	Name     string        // of query-name; empty: none
	UUID     string        // of query-uuid; empty: all zeros
	Type     string        // machine type or alias: "q35", "pc-i440fx-9.0", "none"
	Settings *qjson.Object // properties of the machine, text values; may be nil
	Accel    string        // "qtest" steps the clock and has no guest
	CPU      string        // CPU model; empty: the machine's default
	SMP      SMP
	RTC      RTC
	Memory   uint64 // bytes; 0: the machine's default
	// MaxMemory is how many bytes there may be with all modules plugged, and
	// MemorySlots how many modules; both 0 for none.
	MaxMemory   uint64
	MemorySlots int
	// MemoryPath is the file or folder that the machine's own memory is kept in,
	// empty for none.
	MemoryPath string
	// Boot is what -boot says, nil for nothing.
	Boot *qjson.Object
	// Firmware is what -smbios, -acpitable and -fw_cfg add to the firmware's
	// configuration.
	Firmware Firmware
	// DefaultAudio gives sound cards that name no backend one that is silent.
	DefaultAudio   bool
	Guest          string // who plays the operating system: "none" or "linux"
	HideGuest      bool   // without the object /machine/guest that steers it
	OnlyMigratable bool   // -only-migratable
	ProfileLock    bool   // -enable-sync-profile
	Threads        bool   // processors and iothreads have threads of their own
	// Lifetime says by which rule objects end, as lifetime.ParseRules reads it;
	// empty: storage-ref.
	Lifetime string
	// NewGuest makes somebody else to play the operating system; nil: guest.New
	// with the name in Guest.
	NewGuest func(guest.Hardware) guest.Guest
	Defaults []qdev.Default // -global settings
	Actions  Actions        // what happens on events of the guest; empty: QEMU's defaults
	// GuestOptions are for the guest that is named in Guest.
	GuestOptions guest.Options
	// Faults are mistakes to make on purpose. They can be changed at any time at
	// /machine/faults; nil: none are made, and there is no such object.
	Faults *Faults
	// Clock says how virtual time passes; empty: in real time, or by steps with
	// Accel "qtest".
	Clock   ClockMode
	Types   *qom.Types       // from NewTypes; nil: of the default catalog
	Catalog *catalog.Catalog // nil: the default one
	Log     *slog.Logger     // nil: nothing is logged
}

// Machine is one machine. Its methods need its lock, see [Machine.Do], unless
// they say otherwise.
type Machine struct {
	opts  Options
	facts catalog.Machine
	env   *qdev.Env
	log   *slog.Logger
	clock *clock
	born  time.Time // by the host's clock

	mu    bigLock
	async sync.WaitGroup

	lifetimes lifetimes

	afterwards []func() // to run without the lock

	state       RunState
	sleeping    bool // a stopped machine's guest was suspended
	actions     Actions
	startWhenIn bool
	haltedFrom  RunState // before it was halted for a migration, here or at the source
	unfinished  []func() // work that was cut off at the source of a migration
	exiting     bool
	closed      bool
	failure     error        // why it ended
	complete    func() error // with -preconfig, until it is called

	object *qom.Object // /machine
	power  *qom.Link   // its acpi-device, nil without ACPI
	audio  []*qjson.Object
	waves  []Wave // recordings, the newest first

	topology Topology
	slots    []CPUSlot
	// processors are the slots that are taken, in the order of their taking.
	processors []*CPUSlot
	window     dimm.Window
	windows    cxl.Windows
	windowsEnd uint64 // of CXL, 0 without

	numa                   *numa.Config // nil: no NUMA
	nodeMemory             memory.Region
	systemMemory, systemIO memory.Region
	ramLow, ramHigh        memory.Region
	ram                    *memory.Region // of the backend
	lowRAM                 uint64         // bytes of it below 4 GiB
	extra                  []BoardDevice  // while the board is being made
	messages               intc.Messages
	board                  *chipset.Board // nil for machine none
	firmwareRan            bool           // since the last reset
	memorySpace, ioSpace   *memory.AddressSpace

	faults *faults // nil: none can be armed

	guest        guest.Guest
	guestPending []guest.Event

	// Migration is the machine's part in migrations.
	Migration *migration.Migration
	// Snapshots are those of the whole machine.
	Snapshots *Snapshots
	// Yanks lists the connections that yank can cut; it has a lock of its own.
	Yanks chardev.Yanks
	// VNC are the VNC servers, in the order of the description.
	VNC []*vnc.Server
	// Characters are the character devices.
	Characters *chardev.Set
	// Files are the descriptors that clients handed over; it has a lock of its
	// own.
	Files chardev.Files
	// Jobs are the jobs that monitors follow.
	Jobs *job.Jobs
	// Blocks is the block layer.
	Blocks *block.Graph
	// Trace knows which trace points are on, and has a lock of its own.
	Trace trace.Tracer
	// DirtyRate measures how fast memory changes.
	DirtyRate *dirtyrate.Meter
	// Folders are the folders of the host that are shared with the guest.
	Folders *fsdev.Set
	// TPM is the trusted platform module, if there is one.
	TPM *tpm.Set
	// Network is the netdevs and what is known of network cards.
	Network *net.Stack
	// FindDrive finds the block nodes that devices name; nil: there are none.
	FindDrive func(name string) qdev.Backend

	// OnEvent is told of every event, in order, under the lock. It must not
	// block.
	OnEvent func(name string, data any)
	// OnExit is told once when the machine ends; status is that of a process.
	OnExit func(status int)
	// OnViolation is told of broken lifetime rules, after they were logged.
	OnViolation func(qom.Violation)

	stopped []func(RunState) // see WhenStopped
}

// New makes a machine that has nothing yet but its containers and memory;
// backends can be made. [Machine.Build] and [Machine.Ready] follow.
func New(opts Options) (*Machine, error) {
	if opts.Catalog == nil {
		opts.Catalog = catalog.Default()
	}
	if opts.Types == nil {
		opts.Types = NewTypes(opts.Catalog)
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	facts, ok := findMachine(opts.Catalog, opts.Type)
	if !ok {
		return nil, fmt.Errorf("unsupported machine type: \"%s\"", opts.Type)
	}
	m := &Machine{opts: opts, facts: facts, log: opts.Log, state: Prelaunch, born: time.Now()}
	if !m.IsQ35() && !m.IsPC() && facts.Name != "none" {
		return nil, fmt.Errorf("machine '%s' is not supported by qomd, only q35, pc and none are", facts.Name)
	}
	m.ProfileLock(opts.ProfileLock)
	m.actions = opts.Actions.withDefaults()
	m.clock = &clock{do: m.Do, mode: opts.clockMode()}
	tree := qom.NewTree(opts.Types)
	m.env = &qdev.Env{
		Tree: tree, Memory: memory.NewSystem(tree), Clock: m.clock, Log: m.log,
		Ways:           opts.Catalog.Ways(),
		Emit:           m.emit,
		Alias:          opts.Catalog.DeviceByAlias,
		Defaults:       m.defaults(),
		Removed:        m.removed,
		Threads:        opts.Threads,
		OnlyMigratable: opts.OnlyMigratable,
		Interrupt:      m.interrupt,
		Lifecycle:      lifecycle{m}, SystemMemory: &m.systemMemory, SystemIO: &m.systemIO,
	}
	m.env.Trace = &m.Trace
	m.env.Memory.PlainTypes = m.env.Ways.PlainRegions
	m.env.Memory.Trace, m.env.Input.Trace = &m.Trace, &m.Trace
	m.env.Backends = backends{m}
	m.env.Descriptor = m.Files.Take
	m.env.NUMANodes = m.nodeCount
	m.env.Audio = m.audioBackend
	m.newBlocks()
	m.newDirtyRate()
	m.Migration = migration.New(mover{m}, m.log)
	m.Migration.Former = m.env.Ways.FormerMigration
	m.Snapshots = newSnapshots(m)
	m.env.Migrating = m.Migration.Busy
	m.env.LetGo = m.Migration.LetGo
	m.env.MachineHandler = m.hotplugHandler
	m.env.MachineForBuses = strangerHandler{m}
	m.env.DynamicSysbus = m.takesSysbus
	tree.Context = m.env
	tree.OnViolation = m.violated
	tree.OnAsync = m.settleSoon
	err := m.takeLifetime()
	if err != nil {
		return nil, err
	}
	m.Do(func() {
		if err = m.settleMigration(); err == nil {
			err = m.begin()
		}
	})
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// clockMode fills in the mode that was not said.
func (o Options) clockMode() ClockMode {
	switch {
	case o.Clock != "":
		return o.Clock
	case o.Accel == "qtest":
		return SteppedTime
	}
	return RealTime
}

// findMachine looks a machine type up by name or alias.
func findMachine(c *catalog.Catalog, name string) (catalog.Machine, bool) {
	if name == "" {
		return c.DefaultMachine()
	}
	if f, ok := c.Machine(name); ok {
		return f, true
	}
	for _, f := range c.Machines() {
		if f.Alias == name {
			return f, true
		}
	}
	return catalog.Machine{}, false
}

// defaults are the compat properties of the machine type, then the user's.
func (m *Machine) defaults() []qdev.Default {
	var list []qdev.Default
	props, _ := m.opts.Catalog.CompatProps(m.facts.Name)
	for _, p := range props {
		list = append(list, qdev.Default{Type: p.Type, Property: p.Property, Value: p.Value})
	}
	return append(list, m.opts.Defaults...)
}

// Env returns the environment of the machine's devices.
func (m *Machine) Env() *qdev.Env { return m.env }

// Tree returns the machine's object tree.
func (m *Machine) Tree() *qom.Tree { return m.env.Tree }

// Options returns what the machine was made from.
func (m *Machine) Options() Options { return m.opts }

// Facts returns what the catalog knows of the machine type.
func (m *Machine) Facts() catalog.Machine { return m.facts }

// Object returns the object /machine.
func (m *Machine) Object() *qom.Object { return m.object }

// Objects returns the container of user-created objects, /objects.
func (m *Machine) Objects() *qom.Object { return m.root("objects") }

// Chardevs returns the container of character devices, /chardevs.
func (m *Machine) Chardevs() *qom.Object { return m.root("chardevs") }

// root returns a child of the root, nil when there is none.
func (m *Machine) root(name string) *qom.Object { return m.env.Tree.Root().Child(name) }

// PCIRoots returns the root PCI buses: those of expanders, the newest first, and
// the board's; none without a board.
func (m *Machine) PCIRoots() []*pci.Bus {
	if m.board == nil {
		return nil
	}
	return m.board.Root.Roots()
}

// MemorySpace returns the address space of the CPUs.
func (m *Machine) MemorySpace() *memory.AddressSpace { return m.memorySpace }

// IOSpace returns the port address space.
func (m *Machine) IOSpace() *memory.AddressSpace { return m.ioSpace }

// Now returns virtual time in nanoseconds. It needs no lock.
func (m *Machine) Now() int64 { return m.clock.Now() }

// Do runs f under the machine's lock and settles what it leaves behind. It
// must not be called from within itself. A panic of f ends f: whoever brought it
// about, from outside perhaps, does not end the process.
func (m *Machine) Do(f func()) {
	for _, f := range m.settled(f) {
		f()
	}
}

// settled is Do without what has to wait until the lock is given up; it returns
// that.
func (m *Machine) settled(f func()) (afterwards []func()) {
	m.mu.lock()
	defer m.mu.Unlock()
	m.env.Tree.Tick()
	m.locked(f)
	m.settle()
	afterwards, m.afterwards = m.afterwards, nil
	return afterwards
}

// locked runs f.
func (m *Machine) locked(f func()) {
	defer guard.Recover(m.log, "work on the machine", nil)
	f()
}

// Afterwards arranges for f to run as soon as the lock is given up, for those
// that will take it themselves.
func (m *Machine) Afterwards(f func()) { m.afterwards = append(m.afterwards, f) }

// maxLeaps bounds how many timers one settling of a clock that runs ahead may
// reach, so that a timer that sets itself again does not keep others out.
const maxLeaps = 10000

// settle lets the guest react and drops what is due to go, until nothing is
// left to do. A clock that does not follow real time then runs its timers.
func (m *Machine) settle() {
	m.settleNow()
	for range maxLeaps {
		if !m.guarded("timers", m.clock.leap) {
			return
		}
		m.settleNow()
	}
	m.settleSoon()
}

// settleNow settles without letting time pass.
func (m *Machine) settleNow() {
	for {
		busy := m.guarded("guest", m.runGuest)
		busy = m.guarded("released references", m.env.Memory.Drain) || busy
		busy = m.guarded("grace period", m.reclaim) || busy
		if !busy {
			return
		}
	}
}

// guarded runs one stage of settling. A panic of a device model ends that
// stage and is reported; the machine goes on.
func (m *Machine) guarded(what string, stage func() bool) (busy bool) {
	err := guard.Run(m.log, what, func() error { busy = stage(); return nil })
	return busy || err != nil // the stage may have more to do
}

// settleSoon arranges for a settling; any goroutine may call it.
func (m *Machine) settleSoon() {
	m.async.Go(func() { m.Do(func() {}) })
}

// Ready completes the machine: what comes from now on is hot-plugged. With
// start it runs.
func (m *Machine) Ready(start bool) error {
	if err := m.connectCXL(); err != nil {
		return err
	}
	if err := m.makeConsoles(); err != nil {
		return err
	}
	m.env.ColdReset()
	m.env.Ready = true
	m.checkGlobals()
	if m.state == InMigrate {
		m.startWhenIn = start
		return nil
	}
	if start {
		return m.Cont()
	}
	return nil
}

// checkGlobals warns of -global settings without effect, those that QEMU warns
// of: what may still be plugged may still use one.
func (m *Machine) checkGlobals() {
	for i := range m.env.Defaults {
		d := &m.env.Defaults[i]
		if !d.User || d.Used() {
			continue
		}
		c := m.env.Tree.Types.Class(d.Type)
		switch {
		case c == nil || !c.Is("device"):
			m.log.Warn(fmt.Sprintf("global %s.%s has invalid class name", d.Type, d.Property))
		case !qdev.ClassOf(c).Hotpluggable:
			m.log.Warn(fmt.Sprintf("global %s.%s=%s not used", d.Type, d.Property, d.Value))
		}
	}
}

// Step moves a stepped clock on by d, a duration in nanoseconds of virtual
// time, and runs the timers that fall due. What one of them leads to happens
// before the next one runs.
func (m *Machine) Step(d int64) {
	m.settleNow()
	m.clock.advance(m.clock.Now()+d, m.settleNow)
}

// StepNext moves a stepped clock to its next timer and reports whether there
// is one.
func (m *Machine) StepNext() bool {
	d, ok := m.clock.deadline()
	if m.board != nil && m.state == Running {
		if tick := m.board.NextTick(); tick != math.MaxInt64 {
			tick = max(tick-m.Now(), 0)
			if !ok || tick < int64(d) {
				d, ok = time.Duration(tick), true
			}
		}
	}
	if ok {
		m.Step(int64(d))
	}
	return ok
}

// ClockMode returns how virtual time passes.
func (m *Machine) ClockMode() ClockMode { return m.clock.mode }

// AfterFunc calls f under the machine's lock once d of virtual time has passed;
// the function it returns cancels the call. It needs no lock itself.
func (m *Machine) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	t := m.clock.AfterFunc(d, f)
	if m.clock.mode == VirtualTime {
		m.settleSoon() // nobody else may be about to let time run ahead
	}
	return t.Stop
}

// emit sends an event to the monitors.
func (m *Machine) emit(name string, data any) {
	if m.OnEvent != nil {
		m.OnEvent(name, data)
	}
}

// removed logs the end of an unplug.
func (m *Machine) removed(r qdev.Removal) {
	m.log.Info("device removed", "id", r.ID, "path", r.Path, "generation", r.Generation,
		"drained", r.Drained.String(), "last_holder", r.LastHolder)
}

// Close ends the machine: every device goes, timers are cancelled, goroutines
// have ended when it returns. It takes the lock itself. What outside holders
// still hold stays, and is returned as the list of leaks.
func (m *Machine) Close() []*qom.Storage {
	if m.Characters != nil {
		m.TPM.Close()
		m.Characters.Close()
		m.Network.Close()
	}
	if m.Migration != nil {
		m.Migration.Close()
	}
	m.Files.Close()
	defer m.Trace.Close()
	m.clock.close()
	m.Do(func() {
		m.closed = true
		m.DirtyRate.Stop()
	})
	m.endRequests()
	m.async.Wait()
	var leaks []*qom.Storage
	m.Do(func() {
		m.OnEvent = nil
		m.env.Removed = nil // taking a machine down is no unplug
		m.guest = nil
		m.disarm()
		m.tearDown()
	})
	if m.Folders != nil {
		m.Folders.Wait()
	}
	m.async.Wait()
	m.Do(func() {
		m.Blocks.Close()
		for s := range m.env.Tree.Storages() {
			leaks = append(leaks, s)
		}
	})
	return leaks
}

// VersionedName returns the full name of the machine type.
func (m *Machine) VersionedName() string { return m.facts.Name }

// IsQ35 and IsPC tell the two families of PCs apart.
func (m *Machine) IsQ35() bool { return strings.HasPrefix(m.facts.Name, "pc-q35-") }

// IsPC reports whether the machine is an i440FX one.
func (m *Machine) IsPC() bool { return strings.HasPrefix(m.facts.Name, "pc-i440fx-") }

// Wiring is how the machine connects drives.
func (m *Machine) Wiring() block.Wiring {
	switch {
	case m.IsPC():
		return block.Wiring{Interface: "ide", IDEUnits: 2}
	case m.IsQ35():
		return block.Wiring{Interface: "ide", IDEUnits: 1}
	}
	return block.Wiring{Interface: "none"}
}
