package hmp

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/gdb"
	"github.com/qomd/qomd/qmp/schema"
)

// Human is the human monitor of one machine.
type Human struct {
	m      *machine.Machine
	set    func() *qmp.CommandSet
	schema *schema.Schema

	// Guarded by the machine's lock:
	commands *table      // made when the first line comes
	format   format      // letters and sizes that "/fmt" remembers
	buttons  int64       // of the mouse, as mouse_button left them
	warned   []*command  // those that were said to be removed some day
	debugger *gdb.Server // made when somebody asks for it
}

// New returns the human monitor of a machine. set answers the machine's QMP
// commands, whose arguments s describes; it is first called when a line is run,
// so that the set may hold human-monitor-command itself.
func New(m *machine.Machine, s *schema.Schema, set func() *qmp.CommandSet) *Human {
	return &Human{m: m, set: set, schema: s, format: format{letter: 'x', size: 4}}
}

// Command runs a line within human-monitor-command and returns what it prints,
// lines ended by CR LF as QEMU has them. The machine's lock is held. cpu is the
// CPU chosen by the caller, nil for none; the only error is one that does not
// exist.
func (h *Human) Command(c *qmp.Call, line string, cpu *int64) (string, error) {
	if cpu != nil && h.processor(*cpu) == nil {
		return "", errors.New("Parameter 'cpu-index' expects a CPU number")
	}
	s := &session{}
	if cpu != nil {
		s.cpu = *cpu
	}
	r := &run{h: h, call: c, session: s, locked: c == nil || !c.CanWait()}
	r.line(line)
	switch {
	case r.later != nil && r.locked:
		r.later.work(context.Background())
		r.resume()
	case r.later != nil:
		return qmp.Aside(c, r.later.work, func() (string, error) {
			r.resume()
			return crlf(r.out.String()), nil
		})
	}
	return crlf(r.out.String()), nil
}

// table returns the machine's commands.
func (h *Human) table() *table {
	if h.commands == nil {
		h.commands = newTable("", commandRows())
	}
	return h.commands
}

// offers reports whether the monitor has a command: the QEMU of the catalog has
// it, or only qomd; and those that stand for a QMP command are there when that
// one is.
func (h *Human) offers(c *command) bool {
	if c.qmp != "" && h.set().Lookup(c.qmp) == nil {
		return false
	}
	known := h.m.Options().Catalog.HMPCommands()
	return c.own || len(known) == 0 || slices.Contains(known, c.title)
}

func (h *Human) log() *slog.Logger { return h.m.Options().Log }

// crlf ends lines as terminals want them.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
