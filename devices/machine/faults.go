package machine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// Faults are mistakes to make on purpose, so that others can find out how they
// deal with them. The zero value makes none.
type Faults struct {
	Monitor MonitorFaults
	// Realize are stages in the making of devices that fail.
	Realize []RealizeFault
	// StallGrace keeps grace periods from ending: what left the tree keeps its
	// references through the memory map, and DEVICE_DELETED waits.
	StallGrace bool
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

// RealizeFault makes a stage of a device's making fail once.
type RealizeFault struct {
	Stage  qdev.Stage
	Device string // id or driver; empty: any
	Count  uint64 // which time it fails, from 1
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
		{"realize", "x-realize-faults", describeRealize, setRealize},
	}
}

// Set changes one member by its name: silent, greeting-delay-ms, reply-delay-ms,
// event-delay-ms, cut-after, split, pad-replies, overtake, backlog, crash-on,
// stall-grace-period, and realize, an object {stage, device, count} or a list of
// them. known is false for any other name.
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

func describeRealize(f *Faults) any {
	list := make([]any, 0, len(f.Realize))
	for _, r := range f.Realize {
		o := qjson.NewObject(qjson.Member{Name: "stage", Value: string(r.Stage)})
		if r.Device != "" {
			o.Set("device", r.Device)
		}
		o.Set("count", r.Count)
		list = append(list, o)
	}
	return list
}

func setRealize(f *Faults, _ string, v any) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var faults []RealizeFault
	for _, v := range list {
		r := RealizeFault{Count: 1}
		o, ok := v.(*qjson.Object)
		if !ok {
			return fmt.Errorf("Invalid parameter type for 'realize', expected: object")
		}
		for name, v := range o.All() {
			var err error
			switch name {
			case "stage":
				var s string
				s, err = qom.Value(v).Str(name)
				r.Stage = qdev.Stage(s)
			case "device":
				r.Device, err = qom.Value(v).Str(name)
			case "count":
				r.Count, err = qom.Value(v).Uint64(name)
			default:
				err = fmt.Errorf("Parameter '%s' is unexpected", name)
			}
			if err != nil {
				return err
			}
		}
		if !slices.Contains(qdev.Stages(), r.Stage) {
			return fmt.Errorf("unknown stage '%s', known are %s", r.Stage, stageNames())
		}
		faults = append(faults, r)
	}
	f.Realize = faults
	return nil
}

func stageNames() string {
	var names []string
	for _, s := range qdev.Stages() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}
