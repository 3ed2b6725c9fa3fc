package virtio

import (
	"errors"
	"math"
	"math/rand/v2"
)

const (
	rngQueue = 8
	rngMost  = 64 << 10 // bytes given at once
)

// RNG is virtio-rng-device. Its bytes are those of a generator with a fixed
// seed: the same run of a machine sees the same.
type RNG struct {
	Device
	source *rand.ChaCha8
}

// Vectors implements [VectorUser].
func (r *RNG) Vectors() uint32 { return 2 }

// RealizeVirtio implements [Model]. Without a backend of the user's the device
// makes itself one.
func (r *RNG) RealizeVirtio() error {
	switch most := r.StoredUint("max-bytes"); {
	case r.StoredUint("period") == 0:
		return errors.New("'period' parameter expects a positive integer")
	case most == 0, most > math.MaxInt64:
		return errors.New("'max-bytes' parameter must be positive, and less than 2^63")
	}
	if linkOf(&r.Object, "rng") == nil {
		if err := r.makeBackend(); err != nil {
			return err
		}
	}
	r.source = rand.NewChaCha8([32]byte{})
	r.AddQueue(rngQueue)
	return nil
}

func (r *RNG) makeBackend() error {
	o, err := r.Tree().NewChild(&r.Object, "default-backend", "rng-builtin")
	if err != nil {
		return err
	}
	return r.Set("rng", pathValue(o))
}

// Notify implements [Notified].
func (r *RNG) Notify(q *Queue) {
	q.Each(func(e *Element) {
		p := make([]byte, min(e.In.Len(), rngMost))
		r.source.Read(p)
		e.In.WriteAt(p, 0)
		q.Push(e, uint32(len(p)))
	})
	q.Signal()
}
