package gdb

import (
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/machine"
)

// Server is the gdb stub of one machine. Its methods are called under the
// machine's lock.
type Server struct {
	m *machine.Machine
	// monitor runs a line of the human monitor and returns what it prints.
	monitor func(line string) string

	front    *chardev.Frontend // nil: nobody can connect
	console  bool              // the device that the stub's monitor writes to is there
	watching bool              // the machine tells of its stops

	in     frames
	out    []byte // does not fit into the character device yet
	unsure []byte // the last packet sent, until the debugger has said "+"

	attached     bool  // the debugger has the processors
	multiprocess bool  // threads have the name of a process before theirs
	current      int64 // index of the processor that continues and is told of
	general      int64 // index of the processor whose registers are read
	listed       int64 // index of the last processor that was listed
	owed         bool  // the debugger waits to hear why the machine stopped
	points       map[point]int
	steps        uint64 // what stands still during a step; nothing steps
	physical     bool   // addresses are physical; they always are
}

// New returns the stub of a machine; monitor runs lines of the human monitor.
func New(m *machine.Machine, monitor func(line string) string) *Server {
	return &Server{m: m, monitor: monitor, steps: allSteps, points: map[point]int{}}
}

// attach makes the stub the front end of a character device.
func (s *Server) attach(c *chardev.Chardev) error {
	front := &chardev.Frontend{
		Who: "gdb", Space: func() int { return 4096 }, Receive: s.receive, Writable: s.flush,
		Event: func(e chardev.Event) {
			if e == chardev.Opened {
				s.opened()
			}
		},
	}
	if err := c.Connect(front); err != nil {
		return err
	}
	front.SetOpen(true)
	s.front = front
	if !s.watching {
		s.watching = true
		s.m.WhenStopped(s.stopped)
	}
	front.Ready()
	return nil
}

// opened greets a debugger: everything stands still.
func (s *Server) opened() {
	s.in, s.out, s.unsure = frames{}, nil, nil
	s.take()
	s.m.Stop()
}

// take gives the debugger the processors.
func (s *Server) take() {
	s.attached = true
	s.current, s.general = s.first(), s.first()
}

func (s *Server) receive(p []byte) {
	for _, b := range p {
		s.receiveByte(b)
		if s.front == nil { // a line of the monitor took it away
			return
		}
	}
}

func (s *Server) receiveByte(b byte) {
	if s.unsure != nil && b != interrupt {
		switch b {
		case '-':
			s.send(s.unsure)
		case '+', '$':
			s.unsure = nil
		}
		if b != '$' {
			return
		}
	}
	if s.m.Running() { // no packet is served then; the byte only stops the machine
		s.owed = s.owed || b == interrupt
		s.m.Stop()
		return
	}
	packet, done, ok := s.in.feed(b)
	switch {
	case !done:
	case !ok:
		s.send([]byte("-"))
	default:
		s.send([]byte("+"))
		s.handle(packet)
	}
}

// reply sends a packet.
func (s *Server) reply(data string) {
	s.unsure = frame(data)
	s.send(s.unsure)
}

func (s *Server) send(p []byte) {
	s.out = append(s.out, p...)
	s.flush()
}

// flush sends what waits, as much as the character device takes.
func (s *Server) flush() {
	if s.front == nil || len(s.out) == 0 {
		return
	}
	n, _ := s.front.Write(s.out) // Writable tells of room
	s.out = s.out[n:]
}

// signals are how a debugger is told why the machine stopped; gdb's numbers.
var signals = map[machine.RunState]int{
	machine.Paused: sigInt, machine.Debug: sigTrap, machine.ShutDown: 3, machine.InternalErr: 6, machine.Watchdog: 14,
	machine.IOError: 23, machine.FinishMigrate: 24,
}

const (
	sigInt     = 2
	sigTrap    = 5
	sigUnknown = 143
)

// stopped is told that the machine stopped.
func (s *Server) stopped(state machine.RunState) {
	if s.front == nil || !s.owed || s.processor(s.current) == nil || state == machine.SaveVM || state == machine.RestoreVM {
		return
	}
	n, ok := signals[state]
	if !ok {
		n = sigUnknown
	}
	s.owed = false
	s.reply(hexByte("T", n) + "thread:" + s.threadID(s.current) + ";")
}

// Exit tells a debugger that waits for the machine that it has ended.
func (s *Server) Exit(status int) {
	if s.front != nil && s.owed {
		s.owed = false
		s.reply(hexByte("W", status))
	}
}
