package xhci_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/usbtest"
)

// script reads a guest's actions off fuzzed bytes.
type script struct{ b []byte }

func (s *script) u8() byte {
	if len(s.b) == 0 {
		return 0
	}
	v := s.b[0]
	s.b = s.b[1:]
	return v
}

func (s *script) u32() uint32 {
	return uint32(s.u8()) | uint32(s.u8())<<8 | uint32(s.u8())<<16 | uint32(s.u8())<<24
}

// window is memory that the fuzzed guest's pointers lead to.
const windowSize = 0x4000

// pointer is one into the window, or, rarely, to the registers or nowhere.
func (s *script) pointer(window, bar uint64) uint64 {
	v := s.u32()
	switch v >> 24 {
	case 0xff:
		return uint64(v) << 32
	case 0xfe:
		return bar + uint64(v&0x3fff)
	}
	return window + uint64(v)%windowSize
}

// FuzzGuest runs a guest that writes anything to registers and rings. Whatever
// it does the controller neither panics nor hangs, and can be unplugged
// without a trace.
func FuzzGuest(f *testing.F) {
	le := binary.LittleEndian
	block := func(op, slot, id byte, param uint32, status, control uint32) []byte {
		b := append([]byte{op, slot, id}, le.AppendUint32(nil, param)...)
		return le.AppendUint32(le.AppendUint32(b, status), control)
	}
	f.Add([]byte{})
	f.Add(block(2, 1, 1, 0, 0, 9<<10))
	f.Add(block(2, 1, 1, 0x100, 0, 12<<10|1<<24))
	f.Add(append(block(3, 1, 1, 0x100, 8, 2<<10|1<<6), block(3, 1, 1, 0, 64, 3<<10|1<<4)...))
	f.Add(append(block(3, 2, 4, 0, 31, 1<<10|1<<5), block(3, 2, 3, 0, 512, 1<<10|1<<4)...))
	f.Add(append(block(3, 3, 3, 0, 0xffff, 1<<10|1<<4), block(3, 3, 3, 0, 0, 6<<10)...))
	f.Add([]byte{0, 0x40, 0, 2, 0, 0, 0, 5, 6, 7, 8, 4, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 {
			return
		}
		start := time.Now()
		defer func() {
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		}()
		m := usbtest.New(t)
		m.AddDrive("d", 1<<16)
		g := m.Boot(m.Add("qemu-xhci", "id", "x"))
		m.Add("usb-tablet", "id", "t", "port", "1")
		m.Add("usb-storage", "id", "s", "port", "2", "drive", "d")
		slow := m.Add(usbtest.SlowType, "id", "slow", "port", "3").Self().(*usbtest.Slow)
		var slots []*usbtest.GuestSlot
		for _, port := range []int{usb2Port, 2, usb2Port + 2} {
			s, code := g.Address(port, 0)
			if s == nil {
				t.Fatalf("port %d: code %d", port, code)
			}
			g.Control(s, usb.Request{Code: 9, Value: 1}, 0, nil)
			g.Configure(s, 3, 7, 8)
			g.Configure(s, 4, 2, 512)
			slots = append(slots, s)
		}
		window := g.Alloc(windowSize)
		bar := g.Base
		commands := g.NewRing()
		g.W64(0x58, commands.Addr|1)
		for s := (&script{data}); len(s.b) > 0; {
			switch s.u8() % 9 {
			case 0: // a register
				off := uint64(s.u8()) | uint64(s.u8())<<8
				g.W(off&0x3ffc, s.u32())
			case 1: // memory
				g.Poke64(s.pointer(window, bar), uint64(s.u32())|uint64(s.u32())<<32)
			case 2: // a command
				s.u8()
				s.u8()
				commands.Put(usbtest.TRB{Param: s.pointer(window, bar), Status: s.u32(), Control: s.u32()})
				g.Ring(0, 0)
			case 3: // a transfer
				slot := slots[int(s.u8())%len(slots)]
				id := []int{1, 3, 4}[s.u8()%3]
				slot.Rings[id].Put(usbtest.TRB{Param: s.pointer(window, bar), Status: s.u32(), Control: s.u32()})
				g.Ring(slot.Number, id)
			case 4: // any doorbell
				g.Ring(int(s.u8()), int(s.u8()))
			case 5:
				m.Env.Input.Send(input.Event{Kind: input.Absolute, Axis: "x", Value: int(s.u8())},
					input.Event{Kind: input.Button, Button: input.Left, Down: s.u8()%2 == 0})
			case 6: // an answer at last
				if n := len(slow.Packets); n > 0 {
					p := slow.Packets[0]
					slow.Packets = slow.Packets[1:]
					p.Write(make([]byte, int(s.u8())))
					p.Status = usb.Status(s.u8() % byte(usb.Async))
					p.Complete()
				}
			case 7: // a ring that was written by hand
				g.W64(0x58, s.pointer(window, bar)&^0xf|1)
				g.Ring(0, 0)
			case 8:
				g.Events()
				g.R(uint64(s.u8()) * 4)
			}
			m.Settle()
		}
		m.Del("x")
		m.Check()
	})
}
