package ps2

import "github.com/qomd/qomd/devices/vmstate"

// Controller is an 8042. Data waits behind a byte that the guest has not read.
type Controller struct {
	Keyboard *Keyboard
	Mouse    *Mouse
	// Line drives the interrupt of the keyboard or the mouse; Reset resets the
	// machine.
	Line  func(mouse, on bool)
	Reset func()

	command byte // that waits for its parameter, 0 for none
	status  byte
	mode    byte
	out     byte // output port
	pending byte
	source  byte // of the byte that can be read
	data    byte // the one that was
	own     byte // answer of the controller itself
}

// Commands of the controller.
const (
	ctlReadMode     = 0x20
	ctlWriteMode    = 0x60
	ctlMouseOff     = 0xa7
	ctlMouseOn      = 0xa8
	ctlTestMouse    = 0xa9
	ctlTest         = 0xaa
	ctlTestKeyboard = 0xab
	ctlKeyboardOff  = 0xad
	ctlKeyboardOn   = 0xae
	ctlReadInput    = 0xc0
	ctlReadOutput   = 0xd0
	ctlWriteOutput  = 0xd1
	ctlFakeKeyboard = 0xd2 // the next byte, as if the keyboard had sent it
	ctlFakeMouse    = 0xd3
	ctlWriteMouse   = 0xd4
	ctlGateOff      = 0xdd
	ctlGateOn       = 0xdf
	ctlPulse        = 0xf0 // and on: bits of the output port that are 0
)

const (
	statusFull     = 0x01
	statusTested   = 0x04
	statusCommand  = 0x08
	statusUnlocked = 0x10
	statusMouse    = 0x20

	modeKeyboard    = 0x01 // interrupts
	modeMouse       = 0x02
	modeKeyboardOff = 0x10
	modeMouseOff    = 0x20
	modeTranslate   = 0x40

	outNoReset = 0x01
	outGate    = 0x02
	outFull    = 0x10
	outMouse   = 0x20
	outOnes    = 0xcc

	// Who has something; the devices as the bits of mode that keep them silent.
	ownKeyboard  = 0x04
	ownMouse     = 0x08
	fromKeyboard = modeKeyboardOff
	fromMouse    = modeMouseOff

	sourceKeyboard = 1
	sourceMouse    = 2
	sourceOwn      = 4
)

// Init connects the devices.
func (c *Controller) Init() {
	c.Keyboard.Changed = func(any bool) { c.changed(fromKeyboard, any) }
	c.Mouse.Changed = func(any bool) { c.changed(fromMouse, any) }
}

// PowerOn returns it to the power-on state.
func (c *Controller) PowerOn() {
	c.mode, c.status = modeKeyboard|modeMouse, statusCommand|statusUnlocked
	c.out, c.pending = outNoReset|outGate|outOnes, 0
	c.empty()
}

func (c *Controller) changed(who byte, any bool) {
	if any {
		c.pending |= who
	} else {
		c.pending &^= who
	}
	c.fill()
}

// waiting are those who have something and may tell it.
func (c *Controller) waiting() byte { return c.pending &^ (c.mode & (fromKeyboard | fromMouse)) }

// fill offers the next byte, unless there is one.
func (c *Controller) fill() {
	if c.status&statusFull == 0 && c.waiting() != 0 {
		c.offer()
	}
}

// offer says whose byte can be read next.
func (c *Controller) offer() {
	c.status &^= statusFull | statusMouse
	c.out &^= outFull | outMouse
	who := c.waiting()
	mouse := false
	switch {
	case who == 0:
		c.drive()
		return
	case who&ownKeyboard != 0:
		c.source = sourceOwn
	case who&ownMouse != 0:
		c.source, mouse = sourceOwn, true
	case who&fromKeyboard != 0:
		c.source = sourceKeyboard
	default:
		c.source, mouse = sourceMouse, true
	}
	c.status |= statusFull
	c.out |= outFull
	if mouse {
		c.status |= statusMouse
		c.out |= outMouse
	}
	c.drive()
}

// empty says that there is nothing to be read.
func (c *Controller) empty() {
	c.status &^= statusFull | statusMouse
	c.out &^= outFull | outMouse
	c.drive()
}

// drive drives the interrupts.
func (c *Controller) drive() {
	full, mouse := c.status&statusFull != 0, c.status&statusMouse != 0
	if c.Line != nil {
		c.Line(false, full && !mouse && c.mode&modeKeyboard != 0 && c.mode&modeKeyboardOff == 0)
		c.Line(true, full && mouse && c.mode&modeMouse != 0)
	}
}

// Status is the status register.
func (c *Controller) Status() byte { return c.status }

// Read is a read of the data register.
func (c *Controller) Read() byte {
	if c.status&statusFull == 0 {
		return c.data
	}
	c.empty()
	switch c.source {
	case sourceKeyboard:
		c.data = c.Keyboard.Read()
	case sourceMouse:
		c.data = c.Mouse.Read()
	default:
		c.data = c.own
		c.pending &^= ownKeyboard | ownMouse
		if c.waiting() != 0 {
			c.offer()
		}
	}
	return c.data
}

// answer is a byte of the controller itself.
func (c *Controller) answer(v byte, mouse bool) {
	c.own = v
	c.pending &^= ownKeyboard | ownMouse
	if mouse {
		c.pending |= ownMouse
	} else {
		c.pending |= ownKeyboard
	}
	c.fill()
}

// Command is a write to the command register.
func (c *Controller) Command(v byte) {
	if v&ctlPulse == ctlPulse {
		if v&outNoReset == 0 && c.Reset != nil {
			c.Reset()
		}
		return
	}
	switch v {
	case ctlReadMode:
		c.answer(c.mode, false)
	case ctlWriteMode, ctlFakeKeyboard, ctlFakeMouse, ctlWriteMouse, ctlWriteOutput:
		c.command = v
	case ctlMouseOff:
		c.mode |= modeMouseOff
	case ctlMouseOn:
		c.mode &^= modeMouseOff
		c.fill()
	case ctlTestMouse, ctlTestKeyboard:
		c.answer(0, false)
	case ctlTest:
		c.status |= statusTested
		c.answer(0x55, false)
	case ctlKeyboardOff:
		c.mode |= modeKeyboardOff
	case ctlKeyboardOn:
		c.mode &^= modeKeyboardOff
		c.fill()
	case ctlReadInput:
		c.answer(0x80, false)
	case ctlReadOutput:
		c.answer(c.out, false)
	case ctlGateOn:
		c.out |= outGate
	case ctlGateOff:
		c.out &^= outGate
	}
}

// Write is a write to the data register: a byte for the keyboard, or the parameter
// of a command.
func (c *Controller) Write(v byte) {
	command := c.command
	c.command = 0
	switch command {
	case 0:
		c.Keyboard.Write(v)
		c.mode &^= modeKeyboardOff // it may speak
		c.fill()
	case ctlWriteMode:
		c.mode = v
		c.Keyboard.Translate(v&modeTranslate != 0)
		c.drive()
		c.fill()
	case ctlFakeKeyboard:
		c.answer(v, false)
	case ctlFakeMouse:
		c.answer(v, true)
	case ctlWriteOutput:
		c.out = v
		if v&outNoReset == 0 && c.Reset != nil {
			c.Reset()
		}
	case ctlWriteMouse:
		c.Mouse.Write(v)
		c.mode &^= modeMouseOff
		c.fill()
	}
}

// VMState saves or loads it.
func (c *Controller) VMState(f *vmstate.Fields) {
	f.Field("command", &c.command)
	f.Field("status", &c.status)
	f.Field("mode", &c.mode)
	f.Field("output", &c.out)
	f.Field("pending", &c.pending)
	f.Field("source", &c.source)
	f.Field("data", &c.data)
	f.Field("answer", &c.own)
	f.Loaded(c.drive)
}
