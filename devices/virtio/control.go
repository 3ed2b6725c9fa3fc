package virtio

import (
	"encoding/binary"
	"io"

	"github.com/qomd/qomd/devices/qdev"
)

// Messages of the control queues, VIRTIO 1.2 section 5.3.6.2.
const (
	deviceReady = 0
	portAdd     = 1
	portRemove  = 2
	portReady   = 3
	portConsole = 4
	portOpen    = 6
	portName    = 7

	controlSize = 8
)

// send puts a message into the control queue; without a buffer for it, it is
// lost, as in QEMU.
func (s *Serial) send(port uint32, event, value uint16, more []byte) {
	if !s.Accepted(serialMultiport) {
		return
	}
	q := s.Queue(controlInQueue)
	if q == nil {
		return
	}
	e := q.Pop()
	if e == nil {
		return
	}
	p := make([]byte, controlSize, controlSize+len(more))
	binary.LittleEndian.PutUint32(p, port)
	binary.LittleEndian.PutUint16(p[4:], event)
	binary.LittleEndian.PutUint16(p[6:], value)
	p = append(p, more...)
	n, _ := e.In.WriteAt(p, 0)
	q.Push(e, uint32(n))
	q.Signal()
}

// command takes a message of the driver.
func (s *Serial) command(e *Element) {
	defer e.Queue().Push(e, 0)
	if e.Out.Len() < controlSize {
		return
	}
	msg := e.Out.Bytes(controlSize)
	number, event := binary.LittleEndian.Uint32(msg), binary.LittleEndian.Uint16(msg[4:])
	value := binary.LittleEndian.Uint16(msg[6:])
	if event == deviceReady {
		for n := range s.most {
			if s.ports[n] != nil && value != 0 {
				s.send(n, portAdd, 1, nil)
			}
		}
		return
	}
	p := s.ports[number]
	if p == nil {
		return
	}
	switch event {
	case portReady:
		if value != 0 {
			p.introduce()
		}
	case portOpen:
		p.setGuest(value != 0)
	}
}

// introduce tells the driver about a port it is ready for.
func (p *Port) introduce() {
	if p.console {
		p.serial.send(p.number, portConsole, 1, nil)
	}
	if name := p.StoredString("name"); name != "" {
		p.serial.send(p.number, portName, 1, append([]byte(name), 0))
	}
	if qdev.BackendOf(&p.Object, "chardev") != nil {
		p.serial.send(p.number, portOpen, 1, nil)
	}
}

// receiveMost bounds what is taken of one element, and receivePiece what of it
// is copied at once.
const (
	receiveMost  = 1 << 20
	receivePiece = 64 << 10
)

// receive passes on what the guest wrote, where the character device takes
// bytes.
func (p *Port) receive(e *Element) {
	w, ok := qdev.BackendOf(&p.Object, "chardev").(io.Writer)
	if !ok {
		return
	}
	buf := make([]byte, min(e.Out.Len(), receivePiece))
	for off := int64(0); off < min(e.Out.Len(), receiveMost); {
		n, _ := e.Out.ReadAt(buf, off)
		if n == 0 {
			return
		}
		w.Write(buf[:n])
		off += int64(n)
	}
}
