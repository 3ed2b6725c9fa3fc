package block

import "sync"

// watchedImage is the data of the filter node by which a job sees what is
// written. One write passes at a time, and none while the job takes a step of
// its own.
type watchedImage struct {
	childImage

	mu sync.Mutex
	// before is told of a write that is to come, and may refuse it; after of one
	// that was done, with the data, nil for zeros. Either may be nil. They run
	// under mu.
	before func(off, n int64) error
	after  func(off, n int64, p []byte) error

	// progress is what the job keeps for itself, as query-named-block-nodes
	// shows it; nil: nothing.
	progress func() []BitmapInfo
}

// ofJob reports whether a node is one that only a job makes.
func (n *Node) ofJob() bool { return n.implicit || driverOf(n.driver).internal }

// unnamed describes what a job keeps for itself.
func (s *granules) unnamed(count int64) BitmapInfo {
	return BitmapInfo{Granularity: s.size, Count: count * s.size}
}

// watch runs a change of the child, with the job looking on.
func (i *watchedImage) watch(off, n int64, p []byte, change func() error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.before != nil {
		if err := i.before(off, n); err != nil {
			return err
		}
	}
	err := change()
	if i.after != nil {
		if aerr := i.after(off, n, p); err == nil {
			err = aerr
		}
	}
	return err
}

// unwatch ends the job's interest.
func (i *watchedImage) unwatch() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.before, i.after = nil, nil
}

func (i *watchedImage) WriteAt(p []byte, off int64) (n int, err error) {
	err = i.watch(off, int64(len(p)), p, func() error {
		n, err = i.childImage.WriteAt(p, off)
		return err
	})
	return n, err
}

// WriteZeroes implements zeroer.
func (i *watchedImage) WriteZeroes(off, n int64) error {
	return i.watch(off, n, nil, func() error { return i.childImage.WriteZeroes(off, n) })
}

func (i *watchedImage) Discard(off, n int64) error {
	return i.watch(off, n, nil, func() error { return i.childImage.Discard(off, n) })
}

// instant implements that interface: the job's part may take its time.
func (i *watchedImage) instant() bool { return false }
