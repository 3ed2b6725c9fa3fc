package virtio

import (
	"encoding/binary"
	"errors"

	"github.com/qomd/qomd/devices/dimm"
)

const pmemQueue = 128

// Pmem is virtio-pmem: memory that stays when the machine goes. It is that of
// its backend; flushing it, which the driver may ask for, has nothing to do.
type Pmem struct{ memdev }

// RealizeVirtio implements [Model].
func (m *Pmem) RealizeVirtio() error {
	b := m.Backend()
	switch {
	case b == nil:
		return errNoMemdev
	case b.Mapped():
		return busyMemdev(b)
	}
	m.AddQueue(pmemQueue)
	m.take(b)
	return nil
}

// ConfigSize implements [Configured].
func (m *Pmem) ConfigSize() int { return 16 }

// Config implements [Configured], VIRTIO 1.2 section 5.19.4.
func (m *Pmem) Config(p []byte) {
	binary.LittleEndian.PutUint64(p, m.Address())
	binary.LittleEndian.PutUint64(p[8:], m.MemorySize())
}

// Notify implements [Notified]: whatever the request, it succeeds.
func (m *Pmem) Notify(q *Queue) {
	q.Each(func(e *Element) {
		e.In.WriteAt(make([]byte, 4), 0)
		q.Push(e, 4)
	})
	q.Signal()
}

// PluggedSize implements [dimm.MemoryDevice].
func (m *Pmem) PluggedSize() uint64 { return m.MemorySize() }

// Alignment implements [dimm.MemoryDevice].
func (m *Pmem) Alignment() uint64 { return dimm.HugePage }

// MayUnplug implements [MemoryBackend].
func (m *Pmem) MayUnplug() error {
	return errStuck
}

// errStuck is why memory cannot be unplugged; the grammar is QEMU's.
var errStuck = errors.New("this virtio based memory devices cannot be unplugged")
