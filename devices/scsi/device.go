package scsi

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// automatic is the number of a target or unit that the bus chooses.
const automatic = math.MaxUint32

// Device is the base of every SCSI device; it corresponds to SCSIDevice in
// QEMU.
type Device struct {
	qdev.Device
	channel, target, lun uint32
	sense                Sense
	attention            bool       // a unit attention waits: the device is new or was reset
	active               []*Request // the drive works on them
	requests             uint64     // given to the drive, for their names
}

// A Model is what a device type does: start it, and begin a command.
type Model interface {
	RealizeSCSI() error
	Execute(cdb []byte) *Request
}

// SCSI returns d; every model that embeds a Device has it.
func (d *Device) SCSI() *Device { return d }

// DeviceOf returns the SCSI device that o is, nil when it is none.
func DeviceOf(o *qom.Object) *Device {
	if m, ok := o.Self().(interface{ SCSI() *Device }); ok {
		return m.SCSI()
	}
	return nil
}

// Address returns channel, target and unit.
func (d *Device) Address() (channel, target, lun uint32) { return d.channel, d.target, d.lun }

func (d *Device) readAddress() {
	d.channel = uint32(d.StoredUint("channel"))
	d.target = uint32(d.StoredUint("scsi-id"))
	d.lun = uint32(d.StoredUint("lun"))
}

// Realize implements [qdev.Realizer].
func (d *Device) Realize() error {
	bus := BusOf(&d.Device)
	if bus == nil {
		return fmt.Errorf("scsi device %s needs a bus", d.TypeName())
	}
	d.readAddress()
	if err := bus.choose(d); err != nil {
		return err
	}
	// What was chosen shows, as in QEMU.
	d.Store("scsi-id", uint64(d.target))
	d.Store("lun", uint64(d.lun))
	m, ok := d.Self().(Model)
	if !ok {
		return errors.New("scsi device without a model: " + d.TypeName())
	}
	d.Reset()
	return m.RealizeSCSI()
}

// Unrealize implements [qdev.Unrealizer]. Requests in flight are aborted, and
// nobody waits for them: the device stays allocated until its drive has
// answered.
func (d *Device) Unrealize() {
	for _, r := range d.active {
		r.end(Aborted)
	}
}

// Reset implements [qdev.Resetter]: requests in flight end, and the guest is
// told by a unit attention.
func (d *Device) Reset() {
	for _, r := range d.active {
		r.end(WasReset)
	}
	d.sense, d.attention = noSense, true
}

// InFlight returns the requests that the drive works on.
func (d *Device) InFlight() []*Request { return slices.Clone(d.active) }

// Start begins a command. Inquiries and requests for sense data are
// answered whatever the state of the device, SAM-5 section 5.14.
func (d *Device) Start(cdb []byte) *Request {
	r := d.start(cdb)
	r.dev = d
	return r
}

func (d *Device) start(cdb []byte) *Request {
	if len(cdb) < 6 {
		return d.fail(invalidOpcode)
	}
	switch cdb[0] {
	case opInquiry, opReportLUNs:
	case opRequestSense:
		s := d.sense
		if d.attention {
			d.attention, s = false, powerOnReset
		}
		d.sense = noSense
		return reply(s.fixed(), int(cdb[4]))
	default:
		if d.attention {
			d.attention = false
			return d.fail(powerOnReset)
		}
	}
	d.sense = noSense
	return d.Self().(Model).Execute(cdb)
}

// fail makes a request that ended with sense data.
func (d *Device) fail(s Sense) *Request {
	d.sense = s
	return &Request{Status: checkCondition, Sense: s}
}
