package usbtest

import (
	"io"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/qom"
)

// SlowType is a USB device that never answers by itself.
const SlowType = "usbtest-slow"

// Slow keeps every packet it gets until the test completes it. It has a bulk
// endpoint for each direction, number 1.
type Slow struct {
	usb.Device
	Packets  []*usb.Packet
	Canceled int
}

// RealizeUSB implements [usb.Realizer].
func (s *Slow) RealizeUSB() error {
	s.SetDescriptors(&slowDescriptors)
	return nil
}

// HandleData implements [usb.DataHandler].
func (s *Slow) HandleData(p *usb.Packet) {
	s.Packets = append(s.Packets, p)
	p.Status = usb.Async
}

// CancelPacket implements [usb.Canceller].
func (s *Slow) CancelPacket(p *usb.Packet) {
	for i, q := range s.Packets {
		if q == p {
			s.Packets = append(s.Packets[:i], s.Packets[i+1:]...)
			s.Canceled++
			return
		}
	}
}

var slowDescriptors = usb.Descriptors{
	Vendor: 0x46f4, Product: 0xffff, Strings: [12]string{1: "slow"}, ProductString: 1,
	High: &usb.Layout{Version: 0x0200, MaxPacket0: 64, Configs: []usb.Config{{
		Value: 1,
		Interfaces: []usb.Interface{{
			Class: 0xff,
			Endpoints: []usb.EndpointInfo{
				{Address: 0x81, Type: usb.BulkEndpoint, MaxPacket: 512},
				{Address: 0x01, Type: usb.BulkEndpoint, MaxPacket: 512},
			},
		}},
	}}},
}

func registerTests(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: SlowType, Parent: usb.DeviceType, New: func() qom.Instance { return new(Slow) },
		ClassInit: func(c *qom.Class) {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.UserCreatable, k.Hotpluggable = true, true })
		}})
	t.Add(qom.TypeInfo{Name: hostType, Parent: "device", New: func() qom.Instance { return new(hostBridge) }})
}

// Drives are block backends by name.
type Drives map[string]*Drive

// Netdev implements [qdev.Backends].
func (Drives) Netdev(string) qdev.Backend { return nil }

// Chardev implements [qdev.Backends].
func (Drives) Chardev(string) qdev.Backend { return nil }

// TPM implements [qdev.Backends].
func (Drives) TPM(string) qdev.Backend { return nil }

// Drive implements [qdev.Backends].
func (d Drives) Drive(name string) qdev.Backend {
	if b := d[name]; b != nil {
		return b
	}
	return nil
}

// Drive is a block backend in memory. It answers at once, unless it is held.
type Drive struct {
	Label string
	Data  []byte
	User  *qom.Object
	Held  bool
	Queue []func() // requests that wait for [Drive.Answer]
	Fail  error    // what requests end with
}

// AddDrive makes a backend of n bytes.
func (m *Machine) AddDrive(name string, n int) *Drive {
	d := &Drive{Label: name, Data: make([]byte, n)}
	m.Drives[name] = d
	return d
}

// Name implements [qdev.Backend].
func (d *Drive) Name() string { return d.Label }

// Attach implements [qdev.Backend].
func (d *Drive) Attach(o *qom.Object, _ string) error {
	if d.User != nil {
		return qdev.ErrInUse
	}
	d.User = o
	return nil
}

// Detach implements [qdev.Backend].
func (d *Drive) Detach(*qom.Object, string) { d.User = nil }

// Answer carries out the requests that wait.
func (d *Drive) Answer() {
	queue := d.Queue
	d.Queue = nil
	for _, f := range queue {
		f()
	}
}

// Async returns what devices use.
func (d *Drive) Async() qdev.Disk { return disk{d} }

type disk struct{ d *Drive }

func (d disk) Size() int64    { return int64(len(d.d.Data)) }
func (d disk) ReadOnly() bool { return false }

func (d disk) do(f func() error, done func(error)) {
	d.d.Queue = append(d.d.Queue, func() {
		err := d.d.Fail
		if err == nil {
			err = f()
		}
		done(err)
	})
	if !d.d.Held {
		d.d.Answer()
	}
}

func (d disk) ReadAt(dst io.WriterAt, off, n int64, done func(error)) {
	d.do(func() error {
		dst.WriteAt(d.d.Data[off:off+n], 0)
		return nil
	}, done)
}

func (d disk) WriteAt(src io.ReaderAt, off, n int64, done func(error)) {
	d.do(func() error {
		p := make([]byte, n)
		if _, err := src.ReadAt(p, 0); err != nil && err != io.EOF {
			return err
		}
		copy(d.d.Data[off:], p)
		return nil
	}, done)
}

func (d disk) Flush(done func(error)) { d.do(func() error { return nil }, done) }
