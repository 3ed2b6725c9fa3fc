package ps2

import (
	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/vmstate"
)

// Mouse is a mouse.
type Mouse struct {
	queue
	command    byte // that waits for its parameter, 0 for none
	status     byte
	resolution byte
	rate       byte
	wrap       bool
	kind       byte // what it says it is: plainMouse and on
	knocks     byte // how many of the rates came by which it is made another kind
	x, y, z    int  // moved since the last packet
	buttons    byte
}

// Commands of a mouse.
const (
	mouseScale1     = 0xe6
	mouseScale2     = 0xe7
	mouseResolution = 0xe8
	mouseStatus     = 0xe9
	mouseStream     = 0xea
	mousePoll       = 0xeb
	mouseUnwrap     = 0xec
	mouseWrap       = 0xee
	mouseRemote     = 0xf0
	mouseIdentify   = 0xf2
	mouseRate       = 0xf3
	mouseOn         = 0xf4
	mouseOff        = 0xf5
	mouseDefaults   = 0xf6
	mouseReset      = 0xff
)

const (
	statusScale2 = 0x10
	statusOn     = 0x20
	statusRemote = 0x40
)

// The kinds: without wheel, with one, with one and two more buttons.
const (
	plainMouse    = 0
	wheelMouse    = 3
	explorerMouse = 4
)

// Reset returns it to the power-on state.
func (m *Mouse) Reset() {
	changed := m.Changed
	*m = Mouse{}
	m.Changed = changed
	m.tell(false)
}

func (m *Mouse) defaults() { m.rate, m.resolution, m.status = 100, 2, 0 }

// Write is a byte from the guest: a command or its parameter.
func (m *Mouse) Write(v byte) {
	command := m.command
	m.command = 0
	switch command {
	case mouseRate:
		m.setRate(v)
		m.put(ack)
	case mouseResolution:
		m.resolution = v
		m.put(ack)
	default:
		if m.wrap && v != mouseReset && v != mouseUnwrap {
			m.put(v)
			return
		}
		m.execute(v)
	}
}

// setRate sets the rate; two sequences of rates make it another kind.
func (m *Mouse) setRate(rate byte) {
	m.rate = rate
	knocks := m.knocks
	m.knocks = 0
	switch {
	case knocks == 0 && rate == 200:
		m.knocks = 1
	case knocks == 1 && rate == 100:
		m.knocks = 2
	case knocks == 1 && rate == 200:
		m.knocks = 3
	case knocks == 2 && rate == 80:
		m.kind = wheelMouse
	case knocks == 3 && rate == 80:
		m.kind = explorerMouse
	}
}

func (m *Mouse) execute(command byte) {
	switch command {
	case mouseScale1:
		m.status &^= statusScale2
	case mouseScale2:
		m.status |= statusScale2
	case mouseStream:
		m.status &^= statusRemote
	case mouseRemote:
		m.status |= statusRemote
	case mouseWrap:
		m.wrap = true
	case mouseUnwrap:
		if !m.wrap {
			m.put(resend)
			return
		}
		m.wrap = false
	case mouseResolution, mouseRate:
		m.command = command
	case mouseOn:
		m.status |= statusOn
	case mouseOff:
		m.status &^= statusOn
	case mouseDefaults:
		m.defaults()
	case mouseIdentify:
		m.put(ack, m.kind)
		return
	case mouseStatus:
		m.put(ack, m.status, m.resolution, m.rate)
		return
	case mousePoll:
		m.put(ack)
		m.packet()
		return
	case mouseReset:
		m.defaults()
		m.kind = plainMouse
		m.clear()
		m.put(ack, passed, m.kind)
		return
	default:
		m.put(resend)
		return
	}
	m.put(ack)
}

// buttonBits are the buttons in the first byte of a packet, or the last.
var buttonBits = map[input.ButtonName]byte{input.Left: 1, input.Right: 2, input.Middle: 4, input.Side: 8, input.Extra: 16}

// Receive takes in what a user does; the guest is told of it after Sync.
func (m *Mouse) Receive(e input.Event) {
	if m.status&statusOn == 0 {
		return
	}
	switch {
	case e.Kind == input.Relative && e.Axis == input.AxisX:
		m.x += e.Value
	case e.Kind == input.Relative:
		m.y -= e.Value
	case e.Kind != input.Button:
	case !e.Down:
		m.buttons &^= buttonBits[e.Button]
	case e.Button == input.WheelUp:
		m.z--
	case e.Button == input.WheelDown:
		m.z++
	default:
		m.buttons |= buttonBits[e.Button]
	}
}

// Sync tells the guest, in as many packets as it takes and there is room for.
func (m *Mouse) Sync() {
	if m.status&statusOn == 0 || m.status&statusRemote != 0 {
		return
	}
	for m.packet() && (m.x != 0 || m.y != 0 || m.z != 0) {
	}
}

// packet queues what happened since the last, and reports whether there was room.
func (m *Mouse) packet() bool {
	limit := func(v, most int) int { return max(-most, min(v, most)) }
	x, y, z := limit(m.x, 127), limit(m.y, 127), 0
	first := 0x08 | m.buttons&7
	if x < 0 {
		first |= 0x10
	}
	if y < 0 {
		first |= 0x20
	}
	p := []byte{first, byte(x), byte(y)}
	switch m.kind {
	case wheelMouse:
		z = limit(m.z, 127)
		p = append(p, byte(z))
	case explorerMouse:
		z = limit(m.z, 7)
		p = append(p, byte(z)&15|m.buttons&0x18<<1)
	default:
		z = m.z // nobody is told
	}
	if !m.put(p...) {
		return false
	}
	m.x, m.y, m.z = m.x-x, m.y-y, m.z-z
	return true
}

// VMState saves or loads it.
func (m *Mouse) VMState(f *vmstate.Fields) {
	m.vmstate(f)
	f.Field("command", &m.command)
	f.Field("status", &m.status)
	f.Field("resolution", &m.resolution)
	f.Field("rate", &m.rate)
	f.Field("wrap", &m.wrap)
	f.Field("kind", &m.kind)
	f.Field("knocks", &m.knocks)
	f.Field("moved", &[]*int{&m.x, &m.y, &m.z})
	f.Field("buttons", &m.buttons)
}
