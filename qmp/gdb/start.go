package gdb

import (
	"errors"
	"strings"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp/commands"
)

// QEMU's reasons not to let a debugger in.
var (
	errNoCPU   = errors.New("gdbstub: meaningless to attach gdb to a machine without any CPU.")
	errAccel   = errors.New("gdbstub: current accelerator doesn't support guest debugging")
	errChardev = errors.New("gdbstub: couldn't create chardev")
	errWhere   = errors.New("gdbstub: missing connection string")
)

// id is the name of the character device that debuggers connect to, and console
// that of the device that the stub's own monitor has.
const (
	id      = "gdb"
	console = "#chr011" // "#chr", how many there were, two digits at random
)

// Start lets debuggers in through a device in the words of -gdb, or with "none"
// no more.
func (s *Server) Start(device string) error {
	if s.first() < 0 {
		return errNoCPU
	}
	if s.m.Options().Accel == "qtest" {
		return errAccel
	}
	quiet := s.m.Env().Ways.QuietDebugger
	if device == "" && !quiet {
		return errWhere
	}
	var next *chardev.Chardev
	if device != "none" {
		var err error
		if next, err = s.open(device); err != nil && quiet {
			return err
		} else if err != nil {
			return errors.Join(err, errChardev)
		}
		if next == nil {
			return errChardev
		}
	}
	if err := s.openConsole(); err != nil {
		return err
	}
	s.close()
	if next == nil {
		return nil
	}
	return s.attach(next)
}

// open opens the character device; nil without an error for one that QEMU has
// no words about.
func (s *Server) open(device string) (*chardev.Chardev, error) {
	set := s.m.Characters
	if name, existing := strings.CutPrefix(device, "chardev:"); existing {
		return set.Find(name), nil
	}
	if strings.HasPrefix(device, "tcp:") {
		device += ",wait=off,nodelay=on,server=on"
	}
	c, err := config.ParseChardevWord(s.m.Options().Catalog, id, device)
	if err != nil || c == nil {
		return nil, err
	}
	o, err := commands.ChardevOptions(*c)
	if err != nil {
		return nil, err
	}
	b, err := set.Opener(o)()
	if err != nil {
		return nil, err
	}
	if old := set.Find(id); old != nil && isSocket(b) && isSocket(old.Backend()) {
		b.Close()
		return nil, errors.New("duplicate yank instance")
	}
	if !c.Mux {
		return set.Add(id, b, o)
	}
	next, err := set.AddMuxed(id, b, o)
	if err == nil { // "mon:"
		err = set.Monitor(nil, chardev.Monitor{ID: "gdb-monitor", Chardev: id})
	}
	return next, err
}

func isSocket(b chardev.Backend) bool {
	_, ok := b.(*chardev.Socket)
	return ok
}

// openConsole makes the device that query-chardev shows beside the debugger's.
func (s *Server) openConsole() error {
	if s.console {
		return nil
	}
	c, err := s.m.Characters.Create(console, chardev.Options{Kind: "gdb"})
	if err != nil {
		return err
	}
	s.console = true
	f := &chardev.Frontend{Who: "gdb's monitor"}
	defer f.SetOpen(true)
	return c.Connect(f)
}

// close shuts debuggers out.
func (s *Server) close() {
	if s.front == nil {
		return
	}
	c := s.front.Chardev()
	s.front.Disconnect()
	s.front = nil
	clear(s.points)
	_ = s.m.Characters.Remove(c.Label()) // one that others use stays
}
