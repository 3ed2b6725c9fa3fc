package virtio

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/dimm"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qom"
)

// errNoMemdev and what follows say what virtio-mem and virtio-pmem need.
var errNoMemdev = errors.New("'memdev' property must be set")

// busyMemdev is QEMU's complaint about memory that somebody else has.
func busyMemdev(b *object.MemoryBackend) error {
	return fmt.Errorf("'memdev' property specifies a busy memdev: %s", b.Name())
}

// A MemoryBackend is a backend whose memory is put into the machine's window of
// memory devices: [Mem] or [Pmem]. The machine does that.
type MemoryBackend interface {
	dimm.MemoryDevice
	// Entered records how the memory leaves the window again.
	Entered(leave func())
	// MayUnplug says why the device cannot go now.
	MayUnplug() error
}

// MemoryBackendOf returns the backend of a proxy that is one, nil for others.
func MemoryBackendOf(o *qom.Object) MemoryBackend {
	if m, ok := o.Self().(interface{ VirtioProxy() *Proxy }); ok {
		b, _ := m.VirtioProxy().backend.(MemoryBackend)
		return b
	}
	return nil
}

// memdev is what both kinds share.
type memdev struct {
	Device
	mem   *object.MemoryBackend // while it is realized
	leave func()                // out of the window; nil while it is in none
}

// MemoryID implements [dimm.MemoryDevice]: the id is the proxy's.
func (m *memdev) MemoryID() string {
	if p := m.Parent(); p != nil {
		if d, ok := p.Self().(interface{ ID() string }); ok {
			return d.ID()
		}
	}
	return ""
}

// Address implements [dimm.MemoryDevice].
func (m *memdev) Address() uint64 { return m.StoredUint("memaddr") }

// SetAddress implements [dimm.MemoryDevice].
func (m *memdev) SetAddress(addr uint64) { m.Store("memaddr", addr) }

// Backend returns the memory, nil when none is set.
func (m *memdev) Backend() *object.MemoryBackend {
	if o := linkOf(&m.Object, "memdev"); o != nil {
		b, _ := o.Self().(*object.MemoryBackend)
		return b
	}
	return nil
}

// Memory implements [dimm.MemoryDevice].
func (m *memdev) Memory() *memory.Region {
	if b := m.Backend(); b != nil {
		return b.RAM()
	}
	return nil
}

// MemorySize implements [dimm.MemoryDevice].
func (m *memdev) MemorySize() uint64 {
	if b := m.Backend(); b != nil {
		return b.Size()
	}
	return 0
}

// Entered implements [MemoryBackend].
func (m *memdev) Entered(leave func()) { m.leave = leave }

// take makes the memory the device's.
func (m *memdev) take(b *object.MemoryBackend) {
	m.mem = b
	b.SetMapped(true)
}

// ExitVirtio implements [Exiter].
func (m *memdev) ExitVirtio() {
	if m.leave != nil {
		m.leave()
		m.leave = nil
	}
	if m.mem != nil {
		m.mem.SetMapped(false)
		m.mem = nil
	}
}
