package virtio

import (
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/trace"
	"github.com/qomd/qomd/qom"
)

// Device is the base of every backend; it corresponds to VirtIODevice in QEMU.
type Device struct {
	qdev.Device
	kind  *Kind
	proxy *Proxy // nil while the backend is on no transport

	offered  uint64 // features the device has
	accepted uint64 // features the driver took
	status   uint8
	isr      uint8
	config   generation
	vector   uint16 // for changes of the configuration

	queues   []*Queue
	selected uint16 // by the driver
	disabled bool   // the proxy is no bus master: rings are out of reach
	broken   bool
	requests uint64 // elements taken, for their names
	unlisten func() // of changes of the memory topology
	orphans  int    // elements from before the last reset that have not ended
	kept     int64  // bytes that those keep
}

// generation counts changes of the configuration, VIRTIO 1.2 section 2.5.1.
type generation struct {
	count uint8
	read  bool // the driver looked since the last change
}

// A Model is what a type of backends does. Everything else is optional, see
// the interfaces that follow.
type Model interface {
	qom.Instance
	Virtio() *Device
	// RealizeVirtio checks the properties and makes the queues, with
	// [Device.AddQueue], and the device's features, with [Device.Offer].
	RealizeVirtio() error
}

// A Notified model is told that the driver made buffers available.
type Notified interface{ Notify(q *Queue) }

// A Configured model has a configuration structure of Config's length.
type Configured interface {
	// ConfigSize is the size of the structure in bytes.
	ConfigSize() int
	// Config fills in the structure as it is now.
	Config(p []byte)
}

// A ConfigWriter takes what the driver writes to the configuration structure:
// p is the structure after the write.
type ConfigWriter interface{ SetConfig(p []byte) }

// A FeatureWatcher is told that the driver has chosen features.
type FeatureWatcher interface{ FeaturesAccepted() }

// A StatusWatcher is told of a new device status.
type StatusWatcher interface{ StatusChanged(old, now uint8) }

// A ResetWatcher is told when the driver, or the machine, resets the device.
type ResetWatcher interface{ ResetVirtio() }

// An Exiter undoes RealizeVirtio; requests in flight are orphans by then.
type Exiter interface{ ExitVirtio() }

// Bits of the device status, VIRTIO 1.2 section 2.1.
const (
	StatusAcknowledge = 1
	StatusDriver      = 2
	StatusDriverOK    = 4
	StatusFeaturesOK  = 8
	StatusNeedsReset  = 64
	StatusFailed      = 128
)

// NoVector says that an event has no MSI-X vector.
const NoVector = 0xffff

// Virtio returns d; every model that embeds a Device has it.
func (d *Device) Virtio() *Device { return d }

// From returns the virtio device that o is, nil when it is none.
func From(o *qom.Object) *Device {
	if m, ok := o.Self().(interface{ Virtio() *Device }); ok {
		return m.Virtio()
	}
	return nil
}

// Kind returns what kind of device it is.
func (d *Device) Kind() *Kind { return d.kind }

// Proxy returns the PCI function that carries the device, nil for none.
func (d *Device) Proxy() *Proxy { return d.proxy }

// Holder names the device in tokens: its kind and the id of its proxy.
func (d *Device) Holder() string {
	if d.proxy != nil {
		return d.kind.Name + " " + d.proxy.Label()
	}
	return d.kind.Name + " " + d.Label()
}

// Realize starts the backend on its transport. Package qdev calls it; models
// implement [Model].
func (d *Device) Realize() error {
	m, ok := d.Self().(Model)
	if !ok {
		return fmt.Errorf("virtio device without a model: %s", d.TypeName())
	}
	p := proxyOf(d.Bus())
	if p == nil {
		return fmt.Errorf("device '%s' is not on a virtio bus", d.Label())
	}
	d.proxy, d.vector, d.offered = p, NoVector, d.ringFeatures()
	err := m.RealizeVirtio()
	if err == nil {
		err = p.plugged(d)
	}
	if err != nil {
		d.end()
	}
	return err
}

// Unrealize stops the backend. Package qdev calls it; models implement
// [Exiter].
func (d *Device) Unrealize() { d.end() }

func (d *Device) end() {
	d.status &^= StatusDriverOK // nothing that ends here starts another request
	d.stopQueues()
	if m, ok := d.Self().(Exiter); ok && d.proxy != nil {
		m.ExitVirtio()
	}
	d.queues, d.proxy = nil, nil
}

// busName is the name of a bus the backend offers: the proxy's id and a
// number, or empty for an automatic one.
func (d *Device) busName() string {
	if d.proxy != nil && d.proxy.ID() != "" {
		return d.proxy.ID() + ".0"
	}
	return ""
}

// Status returns the device status.
func (d *Device) Status() uint8 { return d.status }

// Broken reports whether the device waits for a reset after a driver's
// mistake.
func (d *Device) Broken() bool { return d.broken }

// Running reports whether the driver said that it is ready. What it asks for
// waits until all requests from before the last reset have ended: an old write
// must not come after a new one.
func (d *Device) Running() bool {
	return d.status&StatusDriverOK != 0 && !d.broken && !d.disabled && d.proxy != nil && d.orphans == 0
}

// SetStatus is the driver's write to the status register; 0 resets.
func (d *Device) SetStatus(val uint8) {
	if t := d.Env().Trace; t.On(trace.VirtioSetStatus) {
		t.Printf(trace.VirtioSetStatus, "vdev %p val %d", d, val)
	}
	if val == 0 {
		d.ResetDevice()
		return
	}
	old := d.status
	// A driver that took features the device does not have, or left out what it
	// cannot do without, does not get FEATURES_OK.
	if val&StatusFeaturesOK != 0 && old&StatusFeaturesOK == 0 && !d.featuresFit() {
		val &^= StatusFeaturesOK
	}
	d.status = val
	if m, ok := d.Self().(StatusWatcher); ok && old != val {
		m.StatusChanged(old, val)
	}
}

// ResetDevice returns the device to its state before a driver came. Requests
// in flight become orphans.
func (d *Device) ResetDevice() {
	old := d.status
	d.status, d.isr, d.accepted, d.selected = 0, 0, 0, 0
	d.broken, d.disabled, d.vector = false, false, NoVector
	d.config = generation{}
	d.stopQueues()
	for _, q := range d.queues {
		q.reset()
	}
	if m, ok := d.Self().(ResetWatcher); ok {
		m.ResetVirtio()
	}
	if m, ok := d.Self().(StatusWatcher); ok && old != 0 {
		m.StatusChanged(old, 0)
	}
}

// Break puts the device out of order until the driver resets it, for mistakes
// of the driver that leave no other way, VIRTIO 1.2 section 2.1.2.
func (d *Device) Break(format string, args ...any) {
	if d.broken {
		return
	}
	d.Env().Log.Error(fmt.Sprintf(format, args...), "device", d.Holder())
	d.broken = true
	if d.Accepted(FeatureVersion1) {
		d.status |= StatusNeedsReset
		d.ConfigChanged()
	}
}

// ConfigChanged tells the driver that the configuration is another.
func (d *Device) ConfigChanged() {
	if d.status&StatusDriverOK == 0 || d.proxy == nil {
		return
	}
	if d.config.read {
		d.config.count++
		d.config.read = false
	}
	d.isr |= isrQueue | isrConfig
	d.proxy.interrupt(d.vector)
}

// configBytes returns the configuration structure as it is now.
func (d *Device) configBytes() []byte {
	m, ok := d.Self().(Configured)
	if !ok {
		return nil
	}
	p := make([]byte, m.ConfigSize())
	m.Config(p)
	return p
}

// configSize returns its length.
func (d *Device) configSize() int {
	if m, ok := d.Self().(Configured); ok {
		return m.ConfigSize()
	}
	return 0
}

// readConfig reads the structure; beyond its end are ones, as in QEMU.
func (d *Device) readConfig(off uint64, size int) uint64 {
	d.config.read = true
	p := d.configBytes()
	if off+uint64(size) > uint64(len(p)) {
		return ones(size)
	}
	return littleEndian(p[off : off+uint64(size)])
}

// writeConfig changes the structure where the model lets it.
func (d *Device) writeConfig(off uint64, size int, val uint64) {
	m, ok := d.Self().(ConfigWriter)
	p := d.configBytes()
	if !ok || off+uint64(size) > uint64(len(p)) {
		return
	}
	putLittleEndian(p[off:off+uint64(size)], val)
	m.SetConfig(p)
}

func ones(size int) uint64 { return ^uint64(0) >> (64 - 8*size) }

func littleEndian(p []byte) uint64 {
	v := uint64(0)
	for i, b := range p {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func putLittleEndian(p []byte, v uint64) {
	for i := range p {
		p[i] = byte(v >> (8 * i))
	}
}
