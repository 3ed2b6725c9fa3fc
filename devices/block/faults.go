package block

import (
	"sync"
	"syscall"
)

// faults are the errors that a blkdebug node injects: the rules of
// inject-error that name no event, which is to say reads, writes and flushes
// of the node itself. A nil *faults injects nothing.
type faults struct {
	mu    sync.Mutex
	rules []*faultRule
}

// faultRule is one rule: an error for requests of some kinds that touch a
// sector.
type faultRule struct {
	kinds  map[string]bool // "read", "write", "flush"
	err    syscall.Errno
	sector int64 // -1: everywhere
	once   bool
	spent  bool
}

// check returns the error that a request is to meet.
func (f *faults) check(kind string, off int64, n int) error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		at := r.sector * 512
		if r.spent || !r.kinds[kind] || r.sector >= 0 && (at < off || at >= off+int64(n)) {
			continue
		}
		r.spent = r.once
		return r.err
	}
	return nil
}
