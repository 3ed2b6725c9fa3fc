package guest

import (
	"slices"

	"github.com/qomd/qomd/devices/guest/virtio"
)

// Where drivers have their memory: above what firmware uses, and as much as
// they could ever want.
const (
	driverMemoryFrom = 16 << 20
	driverMemoryTo   = 1 << 30
)

// place is where a PCI function is.
type place struct{ bus, devfn uint8 }

// function is a PCI function that a driver drives.
type function struct {
	l *Linux
	place
	driver *virtio.Device
}

// owner names a function among the takers of memory.
func owner(bus, devfn uint8) uint16 { return uint16(bus)<<8 | uint16(devfn) }

// ReadConfig, Read, Write and Allocate implement [virtio.Hardware].
func (f *function) ReadConfig(reg uint8, size int) uint32 {
	return f.l.readConfig(f.bus, f.devfn, reg, size)
}

func (f *function) Read(addr uint64, size int) uint64     { return f.l.hw.Read(addr, size) }
func (f *function) Write(addr uint64, size int, v uint64) { f.l.hw.Write(addr, size, v) }

func (f *function) Allocate(size uint64) (uint64, bool) {
	return f.l.memory.take(size, owner(f.bus, f.devfn))
}

// forgetDrivers is what a reset does to drivers: there are none.
func (l *Linux) forgetDrivers() {
	l.functions, l.enabled = nil, nil
	l.memory = room{from: driverMemoryFrom, to: min(l.hw.Tables().Memory, driverMemoryTo)}
	l.memory.from = min(l.memory.from, l.memory.to)
}

// startDrivers starts drivers for the functions that were switched on since the
// last time, where there is one.
func (l *Linux) startDrivers() {
	enabled := l.enabled
	l.enabled = nil
	for _, f := range enabled {
		l.startDriver(f.bus, f.devfn)
	}
}

func (l *Linux) startDriver(bus, devfn uint8) {
	f := &function{l: l, place: place{bus, devfn}}
	d, ok := virtio.Open(f)
	if !ok {
		return
	}
	f.driver = d
	if err := d.Start(); err != nil {
		l.memory.free(owner(bus, devfn))
		return // as a real one, it leaves the device alone
	}
	l.functions = append(l.functions, f)
	f.load()
}

// load hands a disk as many requests as its temper wants under way.
func (f *function) load() {
	disk := f.driver.Disk()
	if disk == nil || len(f.l.opts.Devices) == 0 && f.l.opts.Temper.Requests == 0 {
		return
	}
	disk.Keep(f.l.temper(f.l.placeOf(f.bus, f.devfn)).Requests)
}

// placeOf finds the slot of a function, and the zero place for one that has
// none.
func (l *Linux) placeOf(bus, devfn uint8) Place {
	for _, s := range l.sockets() {
		if b, dev, ok := s.device(); ok && b == bus && dev == devfn>>3 {
			return s.place()
		}
	}
	return Place{}
}

// driven lists the functions with drivers of what is in a slot.
func (l *Linux) driven(s socket) (list []*function) {
	if len(l.functions) == 0 {
		return nil
	}
	bus, dev, ok := s.device()
	for _, f := range l.functions {
		if ok && f.bus == bus && f.devfn>>3 == dev {
			list = append(list, f)
		}
	}
	return list
}

// loadAll lets the drivers of a slot, or all with nil, hand out requests.
func (l *Linux) loadAll(s socket) {
	list := l.functions
	if s != nil {
		list = l.driven(s)
	}
	for _, f := range slices.Clone(list) {
		f.load()
	}
}

// serveDrivers lets drivers look at their devices.
func (l *Linux) serveDrivers() {
	for _, f := range slices.Clone(l.functions) {
		f.driver.Interrupt()
	}
}

// busy reports whether drivers in a slot wait for their devices.
func (l *Linux) busy(s socket) bool {
	for _, f := range l.driven(s) {
		if f.driver.InFlight() > 0 {
			return true
		}
	}
	return false
}

// stopDrivers ends the drivers in a slot in good order.
func (l *Linux) stopDrivers(s socket) {
	for _, f := range l.driven(s) {
		f.driver.Stop()
	}
}

// dropDrivers forgets the drivers of a device, which may be gone already.
func (l *Linux) dropDrivers(bus, dev uint8) {
	l.functions = slices.DeleteFunc(l.functions, func(f *function) bool {
		gone := f.bus == bus && f.devfn>>3 == dev
		if gone {
			l.memory.free(owner(f.bus, f.devfn))
		}
		return gone
	})
}
