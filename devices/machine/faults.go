package machine

import (
	"fmt"
	"time"

	"github.com/qomd/qomd/qom"
)

// Faults are mistakes to make on purpose, so that others can find out how they
// deal with them. The zero value makes none.
type Faults struct {
	Monitor MonitorFaults
	// Realize are stages in the making of devices that go wrong.
	Realize []RealizeFault
	// DMA are mappings of guest memory that fail.
	DMA []DMAFault
	// StallGrace keeps grace periods from ending: what left the tree keeps its
	// references through the memory map, and DEVICE_DELETED waits.
	StallGrace bool
	// GracePeriods is how many end although they are kept from it.
	GracePeriods uint64
	// ReleaseElsewhere has the references of mappings end on another goroutine,
	// soon, as those of a worker thread do.
	ReleaseElsewhere bool
}

// MonitorFaults are what clients of the monitors suffer from. Times are virtual.
type MonitorFaults struct {
	// Silent keeps everything back, the greeting included.
	Silent bool
	// GreetingDelay, ReplyDelay and EventDelay are how much later messages come.
	// Replies and events may overtake each other thereby.
	GreetingDelay, ReplyDelay, EventDelay time.Duration
	// CutAfter cuts a connection when it has sent so many bytes; 0: never.
	CutAfter uint64
	// Split sends messages in pieces of so many bytes; 0: in one.
	Split uint64
	// PadReplies makes replies so many bytes long, with white space.
	PadReplies uint64
	// Overtake makes so many replies wait for the event after them.
	Overtake uint64
	// Backlog hangs up at once on clients when so many are connected; 0: never.
	Backlog uint64
	// CrashOn ends the machine without a word when it is to run that command.
	CrashOn string
}

// faultOption is one member of Faults by the name it has in configurations,
// scenarios and as a property of /machine/faults.
type faultOption struct {
	name, typ string
	get       func(*Faults) any
	set       func(f *Faults, name string, v any) error
}

func flagFault(name string, field func(*Faults) *bool) faultOption {
	return faultOption{name, "bool",
		func(f *Faults) any { return *field(f) },
		func(f *Faults, name string, v any) (err error) {
			*field(f), err = qom.Value(v).Bool(name)
			return err
		}}
}

func numberFault(name string, field func(*Faults) *uint64) faultOption {
	return faultOption{name, "uint64",
		func(f *Faults) any { return *field(f) },
		func(f *Faults, name string, v any) (err error) {
			*field(f), err = qom.Value(v).Uint64(name)
			return err
		}}
}

// maxFaultMS bounds delays to what the clock can add.
const maxFaultMS = 100 * 365 * 24 * 3600 * 1000

func timeFault(name string, field func(*Faults) *time.Duration) faultOption {
	return faultOption{name, "uint64",
		func(f *Faults) any { return uint64(field(f).Milliseconds()) },
		func(f *Faults, name string, v any) error {
			n, err := qom.Value(v).Uint64(name)
			if err == nil && n > maxFaultMS {
				err = fmt.Errorf("'%s' is at most %d", name, int64(maxFaultMS))
			}
			if err == nil {
				*field(f) = time.Duration(n) * time.Millisecond
			}
			return err
		}}
}

// faultOptions lists all members.
func faultOptions() []faultOption {
	return []faultOption{
		flagFault("silent", func(f *Faults) *bool { return &f.Monitor.Silent }),
		timeFault("greeting-delay-ms", func(f *Faults) *time.Duration { return &f.Monitor.GreetingDelay }),
		timeFault("reply-delay-ms", func(f *Faults) *time.Duration { return &f.Monitor.ReplyDelay }),
		timeFault("event-delay-ms", func(f *Faults) *time.Duration { return &f.Monitor.EventDelay }),
		numberFault("cut-after", func(f *Faults) *uint64 { return &f.Monitor.CutAfter }),
		numberFault("split", func(f *Faults) *uint64 { return &f.Monitor.Split }),
		numberFault("pad-replies", func(f *Faults) *uint64 { return &f.Monitor.PadReplies }),
		numberFault("overtake", func(f *Faults) *uint64 { return &f.Monitor.Overtake }),
		numberFault("backlog", func(f *Faults) *uint64 { return &f.Monitor.Backlog }),
		{"crash-on", "str", func(f *Faults) any { return f.Monitor.CrashOn }, func(f *Faults, name string, v any) (err error) {
			f.Monitor.CrashOn, err = qom.Value(v).Str(name)
			return err
		}},
		flagFault("stall-grace-period", func(f *Faults) *bool { return &f.StallGrace }),
		numberFault("grace-periods", func(f *Faults) *uint64 { return &f.GracePeriods }),
		flagFault("release-elsewhere", func(f *Faults) *bool { return &f.ReleaseElsewhere }),
		listFault("realize", RealizeFault{Action: FailFault, Count: 1}, (*RealizeFault).members,
			func(f *Faults) *[]RealizeFault { return &f.Realize }),
		listFault("dma", DMAFault{Count: 1}, (*DMAFault).members, func(f *Faults) *[]DMAFault { return &f.DMA }),
	}
}

// Set changes one member by its name: silent, greeting-delay-ms, reply-delay-ms,
// event-delay-ms, cut-after, split, pad-replies, overtake, backlog, crash-on,
// stall-grace-period, grace-periods, release-elsewhere; realize, an object
// {stage, device, action, count} or a list of them, and dma, likewise {holder,
// count}. known is false for any other name.
func (f *Faults) Set(name string, v any) (known bool, err error) {
	for _, o := range faultOptions() {
		if o.name == name {
			return true, o.set(f, name, v)
		}
	}
	return false, nil
}

// Get returns a member by its name, as Set takes it; nil for other names.
func (f *Faults) Get(name string) any {
	for _, o := range faultOptions() {
		if o.name == name {
			return o.get(f)
		}
	}
	return nil
}
