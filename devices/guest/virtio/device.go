package virtio

import (
	"errors"

	"github.com/qomd/qomd/devices/vmstate"
)

// Hardware is the function that a driver drives, and the guest's memory.
type Hardware interface {
	// ReadConfig reads the function's configuration space.
	ReadConfig(reg uint8, size int) uint32
	// Read and Write access physical memory; size is 1, 2, 4 or 8 bytes.
	Read(addr uint64, size int) uint64
	Write(addr uint64, size int, value uint64)
	// Allocate gives out memory, a power of two of bytes aligned to that. It is
	// taken back when the function goes.
	Allocate(size uint64) (addr uint64, ok bool)
}

// Device is a virtio device with its driver.
type Device struct {
	hw     Hardware
	number uint16 // of the device
	model  model
	at     [5]uint64 // address of each structure by its type, see structure
	mult   uint64    // between the notification addresses of queues
	bits   uint64    // features negotiated
	queues []*Queue
	err    error
}

// model is what drivers of one sort of devices do.
type model interface {
	// ring returns the size for a queue of the device, which offers up to most.
	ring(d *Device, queue, most int) int
	// start begins, once the device is ready.
	start(d *Device)
	// used is told that a chain of buffers came back with n bytes written.
	used(d *Device, q *Queue, c *chain, n uint32)
	// configured is told that the configuration is another.
	configured(d *Device)
	// busy returns how many requests wait for the device.
	busy() int
	// state saves or loads what the driver knows besides its queues.
	state(f *vmstate.Fields)
}

// models are the sorts of devices that there are drivers for, by their numbers,
// VIRTIO 1.2 chapter 5.
var models = map[uint16]func() model{
	1:  func() model { return &receiver{queue: 0, count: 8, size: 2048} }, // network
	2:  func() model { return new(Disk) },
	3:  func() model { return new(console) },
	4:  func() model { return &receiver{queue: 0, count: 1, size: 64, once: true} }, // entropy
	5:  func() model { return new(balloon) },
	8:  func() model { return &receiver{queue: 1, count: 8, size: 16} }, // SCSI: events
	18: func() model { return &receiver{queue: 0, count: 64, size: 8} }, // input: events
}

// Structures, VIRTIO 1.2 section 4.1.4.
const (
	commonCfg = 1
	notifyCfg = 2
	isrCfg    = 3
	deviceCfg = 4
)

// Registers of the common configuration, VIRTIO 1.2 section 4.1.4.3.
const (
	regDeviceSelect = 0
	regDeviceBits   = 4
	regDriverSelect = 8
	regDriverBits   = 12
	regQueues       = 18
	regStatus       = 20
	regQueueSelect  = 22
	regQueueSize    = 24
	regQueueEnable  = 28
	regQueueNotify  = 30
	regQueueDesc    = 32 // and those of the two other parts
)

// Bits of the device status, VIRTIO 1.2 section 2.1.
const (
	acknowledge = 1
	driver      = 2
	driverOK    = 4
	featuresOK  = 8
	needsReset  = 64
	failed      = 128
)

// Features that drivers take when they are there: those of the device's sort,
// except what asks for more than a driver here does, and of the rest indirect
// descriptors and version 1.
const (
	ownFeatures    = 1<<24 - 1 | 0xfffc<<48
	ringFeatures   = 1<<28 | 1<<32
	networkTooMuch = 1<<21 | 1<<22 // to announce itself, several queues
)

const (
	vendor    = 0x1af4
	capVendor = 0x09
)

// Open finds the device of a function, false when it is none that a driver here
// can drive.
func Open(hw Hardware) (*Device, bool) {
	if hw.ReadConfig(0x00, 2) != vendor {
		return nil, false
	}
	number := uint16(hw.ReadConfig(0x02, 2))
	switch {
	case number >= 0x1040 && number < 0x1080:
		number -= 0x1040
	case number >= 0x1000 && number < 0x1040:
		number = uint16(hw.ReadConfig(0x2e, 2))
	default:
		return nil, false
	}
	newModel := models[number]
	if newModel == nil {
		return nil, false
	}
	d := &Device{hw: hw, number: number, model: newModel()}
	d.find()
	for _, at := range d.at[commonCfg:] {
		if at == 0 {
			return nil, false
		}
	}
	return d, true
}

// find reads where the structures are.
func (d *Device) find() {
	hw := d.hw
	at := uint8(hw.ReadConfig(0x34, 1)) &^ 3
	for range 48 { // a list cannot be longer than the space has room for
		if at == 0 {
			return
		}
		if hw.ReadConfig(at, 1) == capVendor {
			kind, bar := hw.ReadConfig(at+3, 1), uint8(hw.ReadConfig(at+4, 1))
			if kind >= commonCfg && kind <= deviceCfg && bar < 6 && d.at[kind] == 0 {
				if base := d.bar(bar); base != 0 {
					d.at[kind] = base + uint64(hw.ReadConfig(at+8, 4))
				}
				if kind == notifyCfg {
					d.mult = uint64(hw.ReadConfig(at+16, 4))
				}
			}
		}
		at = uint8(hw.ReadConfig(at+1, 1)) &^ 3
	}
}

// bar returns where a memory BAR is, 0 when it is nowhere.
func (d *Device) bar(n uint8) uint64 {
	low := uint64(d.hw.ReadConfig(0x10+4*n, 4))
	if low&1 != 0 {
		return 0 // ports
	}
	addr := low &^ 15
	if low&6 == 4 {
		addr |= uint64(d.hw.ReadConfig(0x14+4*n, 4)) << 32
	}
	return addr
}

func (d *Device) common(reg uint64, size int) uint64 { return d.hw.Read(d.at[commonCfg]+reg, size) }

func (d *Device) setCommon(reg uint64, size int, v uint64) {
	d.hw.Write(d.at[commonCfg]+reg, size, v)
}

// config reads the device's own configuration.
func (d *Device) config(off uint64, size int) uint64 { return d.hw.Read(d.at[deviceCfg]+off, size) }

func (d *Device) setStatus(bits uint64) {
	d.setCommon(regStatus, 1, d.common(regStatus, 1)|bits)
}

// has reports whether a feature was negotiated.
func (d *Device) has(bit uint) bool { return d.bits>>bit&1 != 0 }

// Errors of a device that cannot be driven.
var (
	errFeatures = errors.New("the device refuses the features")
	errMemory   = errors.New("no memory is left for rings")
	errBroken   = errors.New("the device wants to be reset")
	errLost     = errors.New("the driver gave up before the machine moved")
	errRing     = errors.New("the device returned a buffer it does not have")
)

// Start negotiates and makes the device ready, VIRTIO 1.2 section 3.1.1.
func (d *Device) Start() error {
	d.setCommon(regStatus, 1, 0)
	d.setStatus(acknowledge)
	d.setStatus(driver)
	d.negotiate()
	d.setStatus(featuresOK)
	if d.common(regStatus, 1)&featuresOK == 0 {
		return d.fail(errFeatures)
	}
	d.queues, d.err = nil, nil
	for n := range int(d.common(regQueues, 2)) {
		q, err := d.newQueue(n)
		if err != nil {
			return d.fail(err)
		}
		d.queues = append(d.queues, q)
	}
	d.setStatus(driverOK)
	d.model.start(d)
	return nil
}

func (d *Device) negotiate() {
	d.bits = 0
	for i := range uint64(2) {
		d.setCommon(regDeviceSelect, 4, i)
		d.bits |= d.common(regDeviceBits, 4) << (32 * i)
	}
	d.bits &= ownFeatures | ringFeatures
	if d.hw.ReadConfig(0x0a, 2) == 0x0200 {
		d.bits &^= networkTooMuch
	}
	for i := range uint64(2) {
		d.setCommon(regDriverSelect, 4, i)
		d.setCommon(regDriverBits, 4, d.bits>>(32*i)&0xffffffff)
	}
}

// fail gives the device up.
func (d *Device) fail(err error) error {
	d.err = err
	d.setStatus(failed)
	return err
}

// Stop resets the device: it lets go of all buffers.
func (d *Device) Stop() {
	d.setCommon(regStatus, 1, 0)
	d.queues = nil
}

// Interrupt looks at the device's interrupt status and takes what came back.
func (d *Device) Interrupt() {
	if d.queues == nil || d.err != nil {
		return
	}
	isr := d.hw.Read(d.at[isrCfg], 1)
	if isr&2 != 0 {
		if d.common(regStatus, 1)&needsReset != 0 {
			d.err = errBroken
			return
		}
		d.model.configured(d)
	}
	if isr&1 == 0 {
		return
	}
	for _, q := range d.queues {
		q.poll()
	}
}

// InFlight returns how many requests wait for the device.
func (d *Device) InFlight() int {
	if d.queues == nil || d.err != nil {
		return 0
	}
	return d.model.busy()
}

// Err tells why the device cannot be used any more, nil while it can.
func (d *Device) Err() error { return d.err }

// Disk returns the block device that d is, nil for none.
func (d *Device) Disk() *Disk {
	disk, _ := d.model.(*Disk)
	return disk
}
