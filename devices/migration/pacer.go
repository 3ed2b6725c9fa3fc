package migration

import (
	"context"
	"time"
)

// pacer keeps a source to its bandwidth.
type pacer struct {
	rate uint64 // bytes per second; 0: no limit
}

// slice is how long a source works before it looks at its limits again.
const slice = 100 * time.Millisecond

// budget is how many bytes may go out in a slice.
func (p *pacer) budget() uint64 {
	if p.rate == 0 {
		return unlimited / 2
	}
	return max(p.rate/uint64(time.Second/slice), 1)
}

// spend waits until so many bytes may have gone out, or ctx is done, or wake
// says that something else is to be done.
func (p *pacer) spend(ctx context.Context, wake <-chan struct{}, bytes uint64) error {
	if p.rate == 0 {
		return ctx.Err()
	}
	t := time.NewTimer(time.Duration(float64(bytes) / float64(p.rate) * float64(time.Second)))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-t.C:
	}
	return ctx.Err()
}
