package virtio

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/input"
)

// Sections of the configuration of input devices, VIRTIO 1.2 section 5.8.4.
const (
	inputName   = 0x01
	inputSerial = 0x02
	inputIDs    = 0x03
	inputEvents = 0x11
	inputAbs    = 0x12

	inputQueue  = 64
	inputHeader = 8
)

// Event types and codes of Linux, as input devices use them.
const (
	evSyn = 0x00
	evKey = 0x01
	evRel = 0x02
	evAbs = 0x03
	evLED = 0x11
	evRep = 0x14

	inputAbsMax = 0x7fff
)

// hidModel is what one of QEMU's input devices has.
type hidModel struct {
	typ     string // between "virtio-" and "-device"
	name    string
	product uint16
	config  int // bytes of its largest section
	events  map[uint8][]byte
	axes    int
	takes   input.Kind
}

var (
	keyboardModel = &hidModel{typ: "keyboard", name: "QEMU Virtio Keyboard", product: 1, config: 31,
		events: map[uint8][]byte{evKey: bitsUpTo(0xf7), evLED: {0x07}, evRep: {0}}, takes: input.Key}
	mouseModel = &hidModel{typ: "mouse", name: "QEMU Virtio Mouse", product: 2, config: 43,
		events: map[uint8][]byte{evKey: buttons(), evRel: {0x03, 0x01}}, takes: input.Button | input.Relative}
	tabletModel = &hidModel{typ: "tablet", name: "QEMU Virtio Tablet", product: 3, config: 43, axes: 2,
		events: map[uint8][]byte{evKey: buttons(), evRel: {0x00, 0x01}, evAbs: {0x03}}, takes: input.Button | input.Absolute}
	multitouchModel = &hidModel{typ: "multitouch", name: "QEMU Virtio MultiTouch", product: 3, config: 43, axes: 2,
		events: map[uint8][]byte{evKey: buttons(), evAbs: {0x03}}, takes: input.Button | input.Touch}
)

// bitsUpTo is a bitmap of all keys up to a code.
func bitsUpTo(code int) []byte {
	p := make([]byte, code/8+1)
	for i := 1; i <= code; i++ {
		p[i/8] |= 1 << (i % 8)
	}
	return p
}

// buttons is the bitmap of a mouse: left, right, middle, side, extra, and the
// wheel as buttons.
func buttons() []byte {
	p := make([]byte, 0x151/8+1)
	for _, b := range [...]int{0x110, 0x111, 0x112, 0x113, 0x114, 0x150, 0x151} {
		p[b/8] |= 1 << (b % 8)
	}
	return p
}

// Input is virtio-keyboard-device, virtio-mouse-device and so on.
type Input struct {
	Device
	model          *hidModel
	section, which uint8 // of the configuration, chosen by the driver
	handler        input.Handler
	pending        []inputEvent // since the last sync
}

// RealizeVirtio implements [Model].
func (i *Input) RealizeVirtio() error {
	i.AddQueue(inputQueue) // events
	i.AddQueue(inputQueue) // status
	i.handler = input.Handler{Name: i.model.name, Takes: i.model.takes, Device: i}
	i.Env().Input.Add(&i.handler)
	return nil
}

// ExitVirtio implements [Exiter].
func (i *Input) ExitVirtio() { i.Env().Input.Remove(&i.handler) }

// StatusChanged implements [StatusWatcher]: the device is the one in use from
// when a driver is ready until it resets it.
func (i *Input) StatusChanged(old, now uint8) {
	switch ready := now&StatusDriverOK != 0; {
	case ready && old&StatusDriverOK == 0:
		i.Env().Input.Activate(&i.handler)
	case now == 0 && old&StatusDriverOK != 0:
		i.Env().Input.Deactivate(&i.handler)
	}
}

// ConfigSize implements [Configured].
func (i *Input) ConfigSize() int { return inputHeader + i.model.config }

// Config implements [Configured]: the section that the driver chose.
func (i *Input) Config(p []byte) {
	s := i.content()
	p[0], p[1], p[2] = i.section, i.which, byte(len(s))
	if len(s) > 0 {
		copy(p[inputHeader:], s)
	}
}

func (i *Input) content() []byte {
	switch i.section {
	case inputName:
		return []byte(i.model.name)
	case inputSerial:
		return []byte(i.StoredString("serial"))
	case inputIDs:
		p := make([]byte, 8)
		for n, v := range [...]uint16{0x06, 0x0627, i.model.product, 1} {
			binary.LittleEndian.PutUint16(p[2*n:], v)
		}
		return p
	case inputEvents:
		return i.model.events[i.which]
	case inputAbs:
		if int(i.which) < i.model.axes {
			p := make([]byte, 20)
			binary.LittleEndian.PutUint32(p[4:], inputAbsMax)
			return p
		}
	}
	return nil
}

// SetConfig implements [ConfigWriter].
func (i *Input) SetConfig(p []byte) { i.section, i.which = p[0], p[1] }

// ResetVirtio implements [ResetWatcher].
func (i *Input) ResetVirtio() { i.section, i.which = 0, 0 }

// Notify implements [Notified]: lights are taken note of, buffers for events
// wait for some.
func (i *Input) Notify(q *Queue) {
	if q.Index() == 0 {
		return
	}
	q.Each(func(e *Element) { q.Push(e, 0) })
	q.Signal()
}
