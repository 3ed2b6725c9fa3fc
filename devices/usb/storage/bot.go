package storage

import (
	"encoding/binary"

	"github.com/qomd/qomd/devices/scsi"
	"github.com/qomd/qomd/devices/usb"
)

// phase is what the transport expects next, BOT 1.0 section 5.
type phase uint8

const (
	wantCommand phase = iota
	wantData          // OUT
	haveData          // IN
	haveStatus
)

// Signatures and sizes of the wrappers, BOT 1.0 sections 5.1 and 5.2.
const (
	commandSignature = 0x43425355
	statusSignature  = 0x53425355
	commandSize      = 31
	statusSize       = 13
)

// Keys of the class requests, BOT 1.0 section 3.
const (
	massStorageReset = 0x21ff
	getMaxLUN        = 0xa1fe
)

// Endpoints of the transport.
const (
	bulkIn  = 1
	bulkOut = 2
)

// transport is the bulk-only transport in front of a SCSI bus.
type transport struct {
	usb.Device
	bus    scsi.Bus
	limits scsi.Limits

	phase phase
	tag   uint32
	left  uint32 // bytes of the data stage that were not moved
	short uint32 // of those moved, how many the command did not have
	req   *scsi.Request

	stage   *stage      // that waits for the drive; nil for none
	waiting *usb.Packet // came meanwhile, on the other endpoint
}

func (t *transport) start(l scsi.Limits) {
	t.limits = l
	t.SetDescriptors(&botDescriptors)
	t.SetSerial()
	t.bus.InitBus(&t.Device.Device, "", l)
	t.expectCommand()
}

// expectCommand makes the transport ready for a command.
func (t *transport) expectCommand() { t.phase, t.req, t.left = wantCommand, nil, 0 }

// HandleControl implements [usb.ControlHandler].
func (t *transport) HandleControl(r usb.Request, data []byte) (int, usb.Status) {
	switch r.Key() {
	case massStorageReset:
		t.HandleReset()
		return 0, usb.Success
	case getMaxLUN:
		most := byte(0)
		for _, q := range t.bus.Devices() {
			if d := scsi.DeviceOf(&q.Object); d != nil {
				_, _, lun := d.Address()
				most = max(most, byte(min(lun, 15)))
			}
		}
		return copy(data, []byte{most}), usb.Success
	}
	return 0, usb.Stall
}

// HandleData implements [usb.DataHandler].
func (t *transport) HandleData(p *usb.Packet) {
	if t.stage != nil {
		t.waiting = p
		p.Status = usb.Async
		return
	}
	if !t.handle(p) {
		p.Status = usb.Stall
	}
}

// handle does what a packet is for. It reports false for one that does not fit.
func (t *transport) handle(p *usb.Packet) (ok bool) {
	switch {
	case p.PID == usb.Out && p.Endpoint().Number() == bulkOut:
		switch t.phase {
		case wantCommand:
			ok = t.command(p)
		case wantData:
			ok = t.dataOut(p)
		}
	case p.PID == usb.In && p.Endpoint().Number() == bulkIn:
		switch t.phase {
		case haveData:
			ok = t.dataIn(p)
		case haveStatus:
			ok = t.status(p)
		}
	}
	return ok
}

// command takes a command block wrapper.
func (t *transport) command(p *usb.Packet) bool {
	var b [commandSize]byte
	if p.Size() != commandSize || p.Read(b[:]) != commandSize {
		return false
	}
	le := binary.LittleEndian
	n := b[14] & 0x1f
	if le.Uint32(b[:]) != commandSignature || n == 0 || n > 16 {
		return false
	}
	d := t.bus.Find(0, 0, uint32(b[13]&0xf))
	if d == nil {
		return false
	}
	t.tag, t.left, t.short = le.Uint32(b[4:]), le.Uint32(b[8:]), 0
	var cdb [16]byte
	copy(cdb[:], b[15:15+n])
	t.req = d.Start(cdb[:])
	switch {
	case t.left == 0:
		t.phase = haveStatus
	case b[12]&0x80 != 0:
		t.phase = haveData
	default:
		t.phase = wantData
	}
	return true
}

// dataOut takes a part of the data stage; more than announced is an error of
// the guest.
func (t *transport) dataOut(p *usb.Packet) bool {
	if uint64(p.Size()) > uint64(t.left) {
		return false
	}
	n := p.Size()
	t.wait(p, func(s *stage) {
		t.req.Write(s, int64(n), func(moved int64) {
			s.over(func() bool { return t.moved(p, n, int(moved)) })
		})
	})
	return true
}

// dataIn answers a part of the data stage; what the command does not have is
// filled up with zeros and told as residue.
func (t *transport) dataIn(p *usb.Packet) bool {
	n := min(p.Size(), int(t.left))
	t.wait(p, func(s *stage) {
		t.req.Read(s, int64(n), func(moved int64) {
			s.over(func() bool {
				p.Actual = int(moved)
				for p.Actual < n {
					if p.Write(zeros[:min(len(zeros), n-p.Actual)]) == 0 {
						break
					}
				}
				return t.moved(p, n, int(moved))
			})
		})
	})
	return true
}

var zeros [4096]byte

// moved counts n bytes of the data stage, of which the command had some.
func (t *transport) moved(p *usb.Packet, n, had int) bool {
	p.Actual = n
	t.left -= uint32(n)
	t.short += uint32(n - had)
	if t.left == 0 {
		t.phase = haveStatus
	}
	return true
}

// status answers a command status wrapper.
func (t *transport) status(p *usb.Packet) bool {
	if p.Size() < statusSize {
		return false
	}
	t.wait(p, func(s *stage) {
		t.req.Finish(func() {
			s.over(func() bool {
				var b [statusSize]byte
				le := binary.LittleEndian
				le.PutUint32(b[:], statusSignature)
				le.PutUint32(b[4:], t.tag)
				le.PutUint32(b[8:], t.left+t.short)
				if t.req.Status != 0 {
					b[12] = 1
				}
				p.Write(b[:])
				t.expectCommand()
				return true
			})
		})
	})
	return true
}

// botDescriptors are shared by all devices of the transport and not changed.
var botDescriptors = func() usb.Descriptors {
	iface := func(packet uint16, burst uint8) usb.Interface {
		return usb.Interface{
			Class: 8, Subclass: 6, Protocol: 0x50,
			Endpoints: []usb.EndpointInfo{
				{Address: 0x80 | bulkIn, Type: usb.BulkEndpoint, MaxPacket: packet, MaxBurst: burst},
				{Address: bulkOut, Type: usb.BulkEndpoint, MaxPacket: packet, MaxBurst: burst},
			},
		}
	}
	return usb.Descriptors{
		Vendor: 0x46f4, Product: 0x0001,
		Strings: [12]string{
			1: "QEMU", 2: "QEMU USB HARDDRIVE", 3: "1",
			4: "Full speed config (usb 1.1)", 5: "High speed config (usb 2.0)", 6: "Super speed config (usb 3.0)",
		},
		ManufacturerString: 1, ProductString: 2, SerialString: 3,
		Full:  layout(0x0200, 8, 4, iface(64, 0)),
		High:  layout(0x0200, 64, 5, iface(512, 0)),
		Super: layout(0x0300, 9, 6, iface(1024, 15)),
	}
}()

// layout is what a storage device says at one speed.
func layout(version uint16, packet0, name uint8, i usb.Interface) *usb.Layout {
	return &usb.Layout{
		Version: version, MaxPacket0: packet0,
		Configs: []usb.Config{{
			Value: 1, String: name, Attributes: usb.AlwaysSet | usb.SelfPowered, Interfaces: []usb.Interface{i},
		}},
	}
}
