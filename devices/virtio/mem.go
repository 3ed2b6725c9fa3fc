package virtio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/qomd/qomd/devices/dimm"
	"github.com/qomd/qomd/qom"
)

const (
	memQueue    = 128
	memConfig   = 56
	memMinBlock = 1 << 20
	memExtent   = 256 << 20 // the usable range is that much longer than what is wanted
)

// Requests of the driver and their answers, VIRTIO 1.2 section 5.15.6.
const (
	memPlug = iota
	memUnplug
	memUnplugAll
	memState

	memAck   = 0
	memNack  = 1
	memError = 3

	memPlugged   = 0
	memUnplugged = 1
	memMixed     = 2

	memRequestSize = 24
	memReplySize   = 10
)

// Mem is virtio-mem: memory that the guest gets and gives back in blocks, as
// much as the user wants it to have.
type Mem struct {
	memdev
	block     uint64   // bytes, 0 until somebody chose
	requested uint64   // bytes that the guest should have
	usable    uint64   // bytes from the start in which it may take blocks
	plugged   []uint64 // bit per block, while realized
	count     uint64   // bits set
}

// memProperties are those of virtio-mem that need code.
var memProperties = []*qom.Property{
	{Name: "block-size", Type: "size",
		Get: func(o *qom.Object) (any, error) { return o.Self().(*Mem).blockSize(), nil },
		Set: func(o *qom.Object, in qom.Input) error {
			m := o.Self().(*Mem)
			if m.Realized() {
				return errors.New("'block-size' cannot be changed")
			}
			v, err := in.Size("block-size")
			switch {
			case err != nil:
				return err
			case v < memMinBlock:
				return fmt.Errorf("'block-size' property has to be at least 0x%x", memMinBlock)
			case bits.OnesCount64(v) != 1:
				return errors.New("'block-size' property has to be a power of two")
			}
			m.block = v
			return nil
		}},
	{Name: "size", Type: "size",
		Get: func(o *qom.Object) (any, error) { return o.Self().(*Mem).PluggedSize(), nil }},
	{Name: "requested-size", Type: "size",
		Get: func(o *qom.Object) (any, error) { return o.Self().(*Mem).requested, nil },
		Set: func(o *qom.Object, in qom.Input) error {
			v, err := in.Size("requested-size")
			if err != nil {
				return err
			}
			return o.Self().(*Mem).request(v)
		}},
}

func (m *Mem) blockSize() uint64 {
	if m.block == 0 {
		return dimm.HugePage
	}
	return m.block
}

// request changes how much the guest should have.
func (m *Mem) request(size uint64) error {
	switch {
	case !m.Realized():
		m.requested = size
		return nil
	case size%m.block != 0:
		return fmt.Errorf("'requested-size' has to be multiples of 'block-size' (0x%x)", m.block)
	case size > m.MemorySize():
		return fmt.Errorf("'requested-size' cannot exceed the memory backend size(0x%x)", m.MemorySize())
	case size != m.requested:
		m.requested = size
		m.resize(false)
		m.ConfigChanged()
	}
	return nil
}

// resize fits the usable range to what is requested; it shrinks only when it
// may, which is when no block is plugged.
func (m *Mem) resize(mayShrink bool) {
	n := uint64(0)
	if m.requested != 0 {
		n = min(m.MemorySize(), (m.requested+memExtent+m.block-1)/m.block*m.block)
	}
	if n > m.usable || mayShrink {
		m.usable = n
	}
}

// Vectors implements [VectorUser].
func (m *Mem) Vectors() uint32 { return 2 }

// RealizeVirtio implements [Model].
func (m *Mem) RealizeVirtio() error {
	b := m.Backend()
	switch node, nodes := m.StoredUint("node"), uint64(m.Env().Nodes()); {
	case b == nil:
		return errNoMemdev
	case b.Mapped():
		return busyMemdev(b)
	case node >= nodes:
		return fmt.Errorf("'node' property has value '%d', which exceedsthe number of numa nodes: %d", node, nodes) // so QEMU
	}
	m.block = m.blockSize()
	switch {
	case m.requested%m.block != 0:
		return fmt.Errorf("'requested-size' property has to be multiples of 'block-size' (0x%x)", m.block)
	case m.Address()%m.block != 0:
		return fmt.Errorf("'memaddr' property has to be multiples of 'block-size' (0x%x)", m.block)
	case b.Size()%m.block != 0:
		return fmt.Errorf("'memdev' property has to be multiples of 'block-size' (0x%x)", m.block)
	}
	m.Offer(0, 1, 2) // proximity domain, unplugged memory is inaccessible, kept while suspended
	m.AddQueue(memQueue)
	m.plugged, m.count = make([]uint64, (b.Size()/m.block+63)/64), 0
	m.usable = 0
	m.resize(true)
	m.take(b)
	return nil
}

// Reset implements [qdev.Resetter]: after a reset of the machine the guest has no
// block. The driver's own reset of the device leaves them as they are.
func (m *Mem) Reset() { m.unplugAll() }

// PluggedSize implements [dimm.MemoryDevice].
func (m *Mem) PluggedSize() uint64 { return m.count * m.block }

// Alignment implements [dimm.MemoryDevice].
func (m *Mem) Alignment() uint64 { return max(dimm.HugePage, m.blockSize()) }

// MayUnplug implements [MemoryBackend].
func (m *Mem) MayUnplug() error {
	if m.Env().Ways.StuckMemory {
		return errStuck
	}
	for _, c := range [...]struct {
		name string
		v    uint64
	}{{"size", m.PluggedSize()}, {"requested-size", m.requested}} {
		if c.v != 0 {
			return fmt.Errorf("virtio-mem device cannot get unplugged while '%s' != '0'", c.name)
		}
	}
	return nil
}

// ConfigSize implements [Configured].
func (m *Mem) ConfigSize() int { return memConfig }

// Config implements [Configured], VIRTIO 1.2 section 5.15.4.
func (m *Mem) Config(p []byte) {
	le := binary.LittleEndian
	le.PutUint64(p, m.block)
	le.PutUint16(p[8:], uint16(m.StoredUint("node")))
	for i, v := range [...]uint64{m.Address(), m.MemorySize(), m.usable, m.PluggedSize(), m.requested} {
		le.PutUint64(p[16+8*i:], v)
	}
}

// Notify implements [Notified].
func (m *Mem) Notify(q *Queue) {
	q.Each(func(e *Element) {
		var p [memRequestSize]byte
		if e.Out.Len() < memRequestSize || e.In.Len() < memReplySize {
			m.Break("virtio-mem: invalid request or response size")
			e.Drop()
			return
		}
		e.Out.ReadAt(p[:], 0)
		le := binary.LittleEndian
		var reply [memReplySize]byte
		answer, state := m.handle(le.Uint16(p[:]), le.Uint64(p[8:]), uint64(le.Uint16(p[16:]))*m.block)
		le.PutUint16(reply[:], answer)
		le.PutUint16(reply[8:], state)
		e.In.WriteAt(reply[:], 0)
		q.Push(e, memReplySize)
	})
	q.Signal()
}

// handle does what a request wants of size bytes at addr.
func (m *Mem) handle(kind uint16, addr, size uint64) (answer, state uint16) {
	if kind == memUnplugAll {
		m.unplugAll()
		return memAck, 0
	}
	if !m.valid(addr, size) {
		return memError, 0
	}
	first, n := (addr-m.Address())/m.block, size/m.block
	set := uint64(0)
	for i := first; i < first+n; i++ {
		set += m.plugged[i/64] >> (i % 64) & 1
	}
	switch kind {
	case memPlug:
		switch {
		case m.PluggedSize()+size > m.requested:
			return memNack, 0
		case set != 0:
			return memError, 0
		}
		m.mark(first, n, true)
	case memUnplug:
		if set != n {
			return memError, 0
		}
		m.mark(first, n, false)
	case memState:
		switch set {
		case 0:
			return memAck, memUnplugged
		case n:
			return memAck, memPlugged
		}
		return memAck, memMixed
	default:
		return memError, 0
	}
	return memAck, 0
}

// valid reports whether a range is of whole blocks that the guest may use.
func (m *Mem) valid(addr, size uint64) bool {
	at := addr - m.Address()
	return size > 0 && addr%m.block == 0 && addr >= m.Address() && at < m.usable && size <= m.usable-at
}

// mark plugs or unplugs n blocks. What was in those that the guest gives back is
// gone.
func (m *Mem) mark(first, n uint64, on bool) {
	for i := first; i < first+n; i++ {
		if on {
			m.plugged[i/64] |= 1 << (i % 64)
		} else {
			m.plugged[i/64] &^= 1 << (i % 64)
		}
	}
	if on {
		m.count += n
	} else {
		m.count -= n
		m.mem.RAM().Clear(first*m.block, n*m.block)
	}
	m.tell()
}

func (m *Mem) unplugAll() {
	if m.count != 0 {
		clear(m.plugged)
		m.count = 0
		m.mem.RAM().Clear(0, m.MemorySize())
		m.tell()
	}
	m.resize(true)
}

// SizeChange is the data of MEMORY_DEVICE_SIZE_CHANGE.
type SizeChange struct {
	ID   string `json:"id,omitempty"`
	Size uint64 `json:"size"` // bytes
	Path string `json:"qom-path"`
}

// tell tells the monitors, of the proxy, how much the guest has.
func (m *Mem) tell() {
	m.Env().Emit("MEMORY_DEVICE_SIZE_CHANGE", SizeChange{ID: m.MemoryID(), Size: m.PluggedSize(), Path: m.Parent().Path()})
}
