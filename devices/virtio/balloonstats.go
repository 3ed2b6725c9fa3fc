package virtio

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// statNames are the names that QEMU gives the statistics, by the tags of VIRTIO
// 1.2 section 5.5.6.4.
var statNames = [...]string{
	"stat-swap-in", "stat-swap-out", "stat-major-faults", "stat-minor-faults", "stat-free-memory", "stat-total-memory",
	"stat-available-memory", "stat-disk-caches", "stat-htlb-pgalloc", "stat-htlb-pgfail", "stat-oom-kills",
	"stat-alloc-stalls", "stat-async-scans", "stat-direct-scans", "stat-async-reclaims", "stat-direct-reclaims",
}

// statSize is the size of a statistic in the driver's buffer: a tag of two bytes
// and a value of eight.
const statSize = 10

// maxStats is how many statistics of a buffer are read: more than there are.
const maxStats = 64

// unknownStat is the value of a statistic that the driver did not tell.
const unknownStat = math.MaxUint64

// balloonStatistics are what the guest tells of its memory. The driver leaves a
// buffer with statistics with the device, which gives it back when it wants
// newer ones.
type balloonStatistics struct {
	values  [len(statNames)]uint64
	updated int64         // seconds since 1970, 0 for never
	every   time.Duration // 0: do not ask
	alarm   qdev.Alarm
	buffer  *Element
	queue   *Queue
}

func (s *balloonStatistics) clear() {
	for i := range s.values {
		s.values[i] = unknownStat
	}
}

// receive reads the buffers that the driver filled.
func (b *Balloon) receive(q *Queue) {
	s := &b.stats
	s.queue = q
	q.Each(func(e *Element) {
		if s.buffer != nil { // the driver is to leave only one
			q.Push(s.buffer, 0)
			q.Signal()
		}
		s.buffer = e
		s.clear()
		for p := e.Out.Bytes(maxStats * statSize); len(p) >= statSize; p = p[statSize:] {
			if tag := int(binary.LittleEndian.Uint16(p)); tag < len(s.values) {
				s.values[tag] = binary.LittleEndian.Uint64(p[2:])
			}
		}
		s.updated = time.Now().Unix()
		b.askLater(s.every)
	})
}

// askLater asks for new statistics once wait has passed, if somebody wants any.
func (b *Balloon) askLater(wait time.Duration) {
	s := &b.stats
	if s.every == 0 {
		s.alarm.Stop()
		return
	}
	s.alarm.Set(&b.Device.Device, wait, b.Holder()+" statistics", func() {
		if s.buffer == nil || b.accepted&(1<<balloonStats) == 0 {
			b.askLater(s.every)
			return
		}
		e := s.buffer
		s.buffer = nil
		s.queue.Push(e, 0)
		s.queue.Signal()
	})
}

// forget drops the driver's buffer.
func (s *balloonStatistics) forget() {
	if s.buffer != nil {
		s.buffer.Drop()
		s.buffer = nil
	}
}

// balloonProperties are those of virtio-balloon-device beside the recorded ones.
var balloonProperties = []*qom.Property{
	{Name: "guest-stats", Type: "guest statistics",
		Get: func(o *qom.Object) (any, error) {
			s := &o.Self().(*Balloon).stats
			values := qjson.NewObject()
			for i, name := range statNames {
				values.Set(name, s.values[i])
			}
			return qjson.NewObject(qjson.Member{Name: "stats", Value: values}, qjson.Member{Name: "last-update", Value: s.updated}), nil
		}},
	{Name: "guest-stats-polling-interval", Type: "int",
		Get: func(o *qom.Object) (any, error) {
			return int64(o.Self().(*Balloon).stats.every / time.Second), nil
		},
		Set: func(o *qom.Object, in qom.Input) error {
			v, err := in.Int64("guest-stats-polling-interval")
			switch {
			case err != nil:
				return err
			case v < 0:
				return errors.New("timer value must be greater than zero")
			case v > math.MaxUint32:
				return errors.New("timer value is too big")
			}
			return o.Self().(*Balloon).setPolling(time.Duration(v) * time.Second)
		}},
}

func (b *Balloon) setPolling(every time.Duration) error {
	old := b.stats.every
	if every == old {
		return nil
	}
	b.stats.every = every
	switch {
	case !b.Realized(): // it starts then
	case old != 0:
		b.askLater(every)
	default:
		b.askLater(0)
	}
	return nil
}
