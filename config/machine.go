package config

import (
	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/qjson"
)

// Machine describes one machine completely. The zero value of every field
// means "not said", and the machine's own default applies.
type Machine struct {
	// Name is the guest's name (-name guest=), reported by query-name.
	Name string
	// ProcessName and DebugThreads are the other two members of -name.
	ProcessName  string
	DebugThreads bool
	// UUID is in the form of RFC 9562, lower case.
	UUID string

	// Type is a machine type or its alias: "q35", "pc-q35-11.1", "none".
	Type string
	// TypeOptions are the further members of -machine, as text, but without
	// accel, type, smp, memory and boot, which have fields of their own.
	// Dotted keys have become nested objects. -usb, -kernel, -append and the
	// like are here as well, because QEMU turns them into these.
	TypeOptions *qjson.Object
	// Origin is where the type was given.
	Origin Origin

	// Catalog is the QEMU to be: an embedded version, "qemu-7.2" or just "7.2",
	// or the name of a file as "qomd capture" writes it. Empty is the newest
	// version.
	Catalog string
	// Accels are the accelerators to try, in order.
	Accels []Accel
	// CPU is the model with its features, as -cpu takes it: "qemu64,+avx".
	CPU    string
	SMP    SMP
	Memory Memory
	// NUMA are the -numa options in their order.
	NUMA []Option

	// Guest is who plays the operating system: "none", "linux" and who else the
	// machine knows. Empty means the caller's default. GuestOptions say what it
	// is like: "guest: {kind: linux, temper: ignore}" in a file.
	Guest        string
	GuestOptions guest.Options
	// Faults are mistakes to make on purpose, see [machine.Faults]; nil: none,
	// and none can be armed later.
	Faults *machine.Faults
	// Clock says how virtual time passes: "real", "virtual" or "step". Empty
	// means in real time, or by steps with the accelerator qtest.
	Clock string

	// Lifetime is the rule by which objects end, as lifetime.ParseRules reads it
	// (-machine x-lifetime=); empty means storage-ref.
	Lifetime string

	// Paused keeps the machine from running until told to (-S).
	Paused bool
	// Preconfig waits for x-exit-preconfig before the machine is built.
	Preconfig bool
	// NoDefaults leaves out the devices QEMU adds by itself.
	NoDefaults bool
	// Snapshot has what is written to drives forgotten at the end, unless they
	// say otherwise themselves.
	Snapshot bool
	// NoUserConfig is accepted and has no effect: no user configuration exists.
	NoUserConfig bool
	// Nographic is -nographic: no display, serial port and monitor on the
	// standard streams unless said otherwise (the monitors and serial ports of
	// this description already include them).
	Nographic bool

	// Actions say what happens on events of the guest. -no-shutdown and
	// -no-reboot have been turned into them.
	Actions Actions

	// Display, VGA and Audio are kept as given; nothing is shown or played.
	// DisplayOptions is all of -display where it is more than
	// the type, or nil.
	Display        string
	DisplayOptions *Option
	VGA            string
	// NoNetwork means that -nic or -net said what network there is; NICs are what
	// they said but for "none", those of -nic before those of -net.
	NoNetwork bool
	NICs      []NIC
	Audio     string
	// VNC are the VNC servers.
	VNC []VNC

	Devices  []Device
	Objects  []Object
	Globals  []Global
	Chardevs []Chardev
	Monitors []Monitor
	// Serials and Parallels are the chardevs of the machine's own ports, by
	// id; "" is a port that is there with nothing connected, and "none" takes
	// the port away.
	Serials   []string
	Parallels []string
	Drives    []Option
	Blockdevs []Option
	Netdevs   []Option
	Audiodevs []Option
	// Firmware is what -smbios, -acpitable and -fw_cfg have for firmware.
	Firmware machine.Firmware
	// Fsdevs are the folders of the host that are shared with the guest.
	Fsdevs []Option
	// TPMs are the back ends of TPMs; QEMU takes one.
	TPMs []Option

	// Boot, RTC, Incoming and the others are options that are kept for what
	// reads them back, nil or empty when absent.
	Boot     *qjson.Object
	RTC      *qjson.Object
	Compat   *qjson.Object
	Incoming string // where the machine comes from, as -incoming has it; empty: nowhere
	// IncomingChannel is that as a channel, nil where it is one word.
	IncomingChannel *qjson.Object
	LoadVM          string // the snapshot to begin with, as -loadvm has it; empty: none
	FDs             []FDSet
	// Others are options without an effect here, in the order given, so that
	// query-command-line-options and logs can tell what was asked for.
	Others []Option

	// QTest is the qtest server's chardev id, empty without one. QTestLog is
	// where its protocol is logged ("none" for nowhere).
	QTest    string
	QTestLog string

	// MemoryPath is where the machine's own memory is kept (-mem-path).
	MemoryPath string
	// RunWith is what the process is to be like.
	RunWith   RunWith
	PIDFile   string
	Daemonize bool
	// Warnings are what QEMU would say about the description on standard error
	// without giving up.
	Warnings []Warning

	// OnlyMigratable refuses what cannot be migrated.
	OnlyMigratable bool
	// ProfileLock counts waits for the machine's lock from the start.
	ProfileLock bool
	// Escape is the byte that begins a command to a multiplexer; nil: Ctrl-A.
	Escape *int
	// Notices are what QEMU would say on standard output.
	Notices []string
	// Debuggers are where debuggers can connect; QEMU takes one.
	Debuggers []Debugger
	// LogFile is -D.
	LogFile string
	// Trace are the names and patterns of trace points that are on, from -trace
	// and -d.
	Trace []string
	// Timestamps is -msg timestamp=on: error messages begin with the time.
	// GuestNames is -msg guest-name=on: they begin with the guest's name.
	Timestamps bool
	GuestNames bool
}

// NIC is a network card with what it is connected to, by itself (-nic); or either
// of the two, at hub 0 (-net).
type NIC struct {
	OnHub   bool
	ID      string
	Options *qjson.Object // text, with a card's model and mac among them
	Origin  Origin
}

// Accel is one accelerator to try.
type Accel struct {
	Name    string // "tcg", "kvm", "qtest"
	Options *qjson.Object
	Origin  Origin
}

// SMP is the topology of the processors; zero means "not said".
type SMP struct {
	CPUs, Drawers, Books, Sockets, Dies, Clusters, Modules, Cores, Threads, MaxCPUs uint64
	Origin                                                                          Origin
}

// Memory is the machine's memory.
type Memory struct {
	Size    uint64 // bytes at start
	Slots   uint64 // for memory plugged later
	MaxSize uint64 // bytes, with everything plugged
	Origin  Origin
}

// Actions is what -action sets: what to do about events of the guest. Empty
// means QEMU's default.
type Actions struct {
	Reboot   string // "reset" or "shutdown"
	Shutdown string // "poweroff" or "pause"
	Panic    string // "none", "pause", "shutdown", "exit-failure"
	Watchdog string // "reset", "shutdown", "poweroff", "inject-nmi", "pause", "debug", "none"
}

// FDSet is one -add-fd.
type FDSet struct {
	FD, Set int64
	Opaque  string
	Origin  Origin
}

// Warning is a remark about a description that can be used all the same.
type Warning struct {
	Text   string
	Origin Origin
	Plain  bool // no warning, but something that went wrong without harm
}

// Line returns the warning as QEMU, running as prog, prints it.
func (w Warning) Line(prog string) string {
	if w.Plain {
		return w.Origin.Prefix(prog) + w.Text
	}
	return w.Origin.Prefix(prog) + "warning: " + w.Text
}
