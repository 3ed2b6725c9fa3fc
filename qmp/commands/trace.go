package commands

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/trace"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// trace registers the commands of qapi/trace.json.
func (c *Commands) trace() {
	qmp.Register(c.set, "trace-event-get-state", 0, func(_ *qmp.Call, a traceArgs) ([]traceState, error) {
		points, err := tracePoints(c.set, a.Name)
		list := []traceState{}
		for _, p := range points {
			s := traceState{Name: p, State: "disabled"}
			if c.m.Trace.On(p) {
				s.State = "enabled"
			}
			list = append(list, s)
		}
		return list, err
	})
	qmp.Register(c.set, "trace-event-set-state", 0, func(_ *qmp.Call, a setTraceArgs) (none, error) {
		return none{}, SwitchTrace(c.m, c.set, a.Name, a.Enable)
	})
}

type traceArgs struct {
	Name string `json:"name"` // or a pattern
}

type traceState struct {
	Name  trace.Point `json:"name"`
	State string      `json:"state"`
}

type setTraceArgs struct {
	Name   string `json:"name"`
	Enable bool   `json:"enable"`
	Ignore bool   `json:"ignore-unavailable"` // all that are listed are available
}

// SwitchTrace turns the trace points on or off that a name or a pattern stands
// for. A pattern may stand for none.
func SwitchTrace(m *machine.Machine, set *qmp.CommandSet, name string, on bool) error {
	points, err := tracePoints(set, name)
	for _, p := range points {
		m.Trace.Switch(p, on)
	}
	return err
}

// tracePoints lists the points, the last one first as QEMU does.
func tracePoints(set *qmp.CommandSet, name string) (list []trace.Point, err error) {
	for _, p := range trace.Points(set.Names()) {
		if trace.Match(name, p) {
			list = append(list, p)
		}
	}
	if list == nil && !trace.IsPattern(name) {
		return nil, fmt.Errorf("unknown event \"%s\"", name)
	}
	slices.Reverse(list)
	return list, nil
}

// Tracer writes the lines of requests and commands; its methods are what a
// server of the protocol calls.
type Tracer struct{ *trace.Tracer }

// Heard is for [qmp.Config].
func (t Tracer) Heard(s *qmp.Session, request any) {
	if t.On(trace.HandleQMPCommand) {
		t.Printf(trace.HandleQMPCommand, "mon %p req: %s", s, qjson.Append(nil, request, false))
	}
}

// Starting is for [qmp.Config].
func (t Tracer) Starting(call *qmp.Call) {
	if !t.Any() || !trace.HasPoints(call.Command.Name) {
		return
	}
	if p := trace.Enter(call.Command.Name); t.On(p) {
		t.Printf(p, "%s", qjson.Append(nil, call.Args, false))
	}
}

// Answered is for [qmp.Config].
func (t Tracer) Answered(call *qmp.Call, result any, err error) {
	if !t.Any() || !call.Started() || !trace.HasPoints(call.Command.Name) {
		return
	}
	p := trace.Exit(call.Command.Name)
	switch {
	case !t.On(p):
	case err != nil:
		t.Printf(p, "%s 0", err)
	default:
		t.Printf(p, "%s 1", qjson.Append(nil, result, false))
	}
}
