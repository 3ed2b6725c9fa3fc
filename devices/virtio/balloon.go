package virtio

import (
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/qomd/qomd/devices/dimm"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

const (
	balloonQueue    = 128
	balloonPage     = 12 // bits
	balloonConfig   = 16
	balloonQueues   = 3 // inflate, deflate, statistics
	statsQueue      = 2
	balloonStats    = 1 // feature
	balloonDeflate  = 2
	balloonFreeHint = 3
	balloonPoison   = 4
	balloonReport   = 5
)

var errOneBalloon = errors.New("Only one balloon device is supported")

// Balloon is virtio-balloon-device. Guest memory is sparse here; what the guest
// gives up is only counted.
type Balloon struct {
	Device
	target uint32 // pages the host wants
	actual uint32 // pages the guest gave
	stats  balloonStatistics
}

// Vectors implements [VectorUser].
func (b *Balloon) Vectors() uint32 { return 2 }

// RealizeVirtio implements [Model].
func (b *Balloon) RealizeVirtio() error {
	if BalloonOf(b.Env()) != nil {
		return errOneBalloon
	}
	b.stats.clear()
	b.Offer(balloonStats)
	b.OfferIf("deflate-on-oom", balloonDeflate)
	b.OfferIf("free-page-hint", balloonFreeHint)
	b.OfferIf("page-poison", balloonPoison)
	b.OfferIf("free-page-reporting", balloonReport)
	for range balloonQueues {
		b.AddQueue(balloonQueue)
	}
	if b.Offered(balloonFreeHint) {
		b.AddQueue(balloonQueue)
	}
	if b.Offered(balloonReport) {
		b.AddQueue(32)
	}
	b.askLater(0)
	return nil
}

// BalloonOf returns the machine's balloon, nil when there is none.
func BalloonOf(env *qdev.Env) *Balloon {
	return findBalloon(env.SystemBus)
}

func findBalloon(bus *qdev.Bus) *Balloon {
	if bus == nil {
		return nil
	}
	for _, d := range bus.Devices() {
		if b, ok := d.Self().(*Balloon); ok && d.Realized() {
			return b
		}
		for _, c := range d.Buses() {
			if b := findBalloon(c); b != nil {
				return b
			}
		}
	}
	return nil
}

// Actual returns how many bytes of memory the guest has left.
func (b *Balloon) Actual() uint64 { return b.memory() - uint64(b.actual)<<balloonPage }

// memory is all that the guest could give: the machine's RAM and its modules, but
// neither those that keep their content nor what other devices bring.
func (b *Balloon) memory() uint64 {
	n := machineMemory(&b.Object)
	for _, in := range []*qom.Object{b.Env().Peripheral, b.Env().PeripheralAnon} {
		for _, o := range in.Children() {
			if d, ok := o.Self().(*dimm.DIMM); ok && d.Realized() && !d.NonVolatile() {
				n += d.MemorySize()
			}
		}
	}
	return n
}

// SetTarget asks the guest to make do with a number of bytes.
func (b *Balloon) SetTarget(bytes uint64) {
	total := b.memory()
	b.target = uint32((total - min(bytes, total)) >> balloonPage)
	b.ConfigChanged()
}

// ConfigSize implements [Configured].
func (b *Balloon) ConfigSize() int { return balloonConfig }

// Config implements [Configured], VIRTIO 1.2 section 5.5.4.
func (b *Balloon) Config(p []byte) {
	binary.LittleEndian.PutUint32(p, b.target)
	binary.LittleEndian.PutUint32(p[4:], b.actual)
}

// SetConfig implements [ConfigWriter]: the guest tells how much it gave.
func (b *Balloon) SetConfig(p []byte) {
	old := b.actual
	b.actual = binary.LittleEndian.Uint32(p[4:])
	if b.actual != old {
		b.Env().Emit("BALLOON_CHANGE", BalloonChange{Actual: b.Actual()})
	}
}

// BalloonChange is the data of BALLOON_CHANGE.
type BalloonChange struct {
	Actual uint64 `json:"actual"` // bytes
}

// ResetVirtio implements [ResetWatcher].
func (b *Balloon) ResetVirtio() {
	b.actual = 0
	b.stats.forget()
}

// ExitVirtio implements [Exiter].
func (b *Balloon) ExitVirtio() {
	b.stats.alarm.Stop()
	b.stats.forget()
}

// Notify implements [Notified].
func (b *Balloon) Notify(q *Queue) {
	if q.Index() == statsQueue {
		b.receive(q)
		return
	}
	q.Each(func(e *Element) { q.Push(e, 0) })
	q.Signal()
}

// machineMemory returns the machine's RAM in bytes, as its property memory
// tells, or QEMU's default.
func machineMemory(o *qom.Object) uint64 {
	var mem struct {
		Size uint64 `json:"size"`
	}
	if machineValue(o, "memory", &mem) && mem.Size != 0 {
		return mem.Size
	}
	return 128 << 20
}

// machineValue reads a structured property of the machine.
func machineValue(o *qom.Object, name string, into any) bool {
	machine, _ := o.Tree().Resolve("/machine", "")
	if machine == nil || machine.Property(name) == nil {
		return false
	}
	v, err := machine.Get(name)
	if err != nil || v == nil {
		return false
	}
	text, err := json.Marshal(v)
	return err == nil && json.Unmarshal(text, into) == nil
}

// pathValue is an input that names an object.
func pathValue(o *qom.Object) qom.Input { return qom.Value(o.Path()) }
