package chardev

import (
	"errors"
	"sync"
)

// RingBuf keeps the last bytes written, for the command ringbuf-read.
type RingBuf struct {
	kind string // "ringbuf", or "memory", its old name
	mu   sync.Mutex
	buf  []byte
	size int
}

// defaultRing is QEMU's size of a ring buffer for which none was given.
const defaultRing = 65536

// NewRingBuf returns an empty buffer of size bytes, a power of two; 0 is QEMU's
// default.
func NewRingBuf(kind string, size int64) (*RingBuf, error) {
	if size == 0 {
		size = defaultRing
	}
	// One that large cannot be had at once, and QEMU would abort.
	if size < 0 || size&(size-1) != 0 || size > 1<<30 {
		return nil, errors.New("size of ringbuf chardev must be power of two")
	}
	return &RingBuf{kind: kind, size: int(size)}, nil
}

// TypeName returns the QOM type.
func (r *RingBuf) TypeName() string { return "chardev-" + r.kind }

// Filename describes the backend.
func (r *RingBuf) Filename() string { return r.kind }

// Close has nothing to end.
func (r *RingBuf) Close() error { return nil }

// Write appends bytes; the oldest make room.
func (r *RingBuf) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.buf = append(r.buf, p[max(0, len(p)-r.size):]...)
	if over := len(r.buf) - r.size; over > 0 {
		r.buf = append(r.buf[:0], r.buf[over:]...)
	}
	return len(p), nil
}

// Take removes and returns up to n of the oldest bytes.
func (r *RingBuf) Take(n int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	n = min(n, len(r.buf))
	out := append([]byte(nil), r.buf[:n]...)
	r.buf = append(r.buf[:0], r.buf[n:]...)
	return out
}

// Len is how many bytes wait to be read.
func (r *RingBuf) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.buf)
}
