package trace

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// Tracer knows which points of a machine are on, and where their lines go: to
// standard error, or to a file. The zero value is ready to use; nil has no
// point on.
type Tracer struct {
	on atomic.Pointer[map[Point]struct{}] // nil: none

	mu   sync.Mutex
	file *os.File // nil: standard error
}

// On reports whether a point is on.
func (t *Tracer) On(p Point) bool {
	if t == nil {
		return false
	}
	on := t.on.Load()
	if on == nil {
		return false
	}
	_, yes := (*on)[p]
	return yes
}

// Any reports whether any point is on.
func (t *Tracer) Any() bool { return t.on.Load() != nil }

// Switch turns a point on or off.
func (t *Tracer) Switch(p Point, on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := map[Point]struct{}{}
	if now := t.on.Load(); now != nil {
		next = maps.Clone(*now)
	}
	if delete(next, p); on {
		next[p] = struct{}{}
	}
	if len(next) == 0 {
		t.on.Store(nil)
		return
	}
	t.on.Store(&next)
}

// Printf writes the line of a point, which the caller knows to be on.
func (t *Tracer) Printf(p Point, format string, args ...any) {
	line := string(p) + " " + fmt.Sprintf(format, args...) + "\n"
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.file
	if w == nil {
		w = os.Stderr
	}
	w.WriteString(line) // who watches a log that is full does not hear of it
}

// LogTo has the lines go to a file from now on. %d in its name stands for the
// number of the process.
func (t *Tracer) LogTo(name string) error {
	if before, after, some := strings.Cut(name, "%"); some {
		if !strings.HasPrefix(after, "d") || strings.Contains(after, "%") {
			return fmt.Errorf("Bad logfile template: %s", name)
		}
		name = before + strconv.Itoa(os.Getpid()) + after[1:]
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o666)
	if err != nil {
		return &OpenError{name, err}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.file != nil {
		t.file.Close()
	}
	t.file = f
	return nil
}

// OpenError is why a log file could not be opened.
type OpenError struct {
	Name string
	Err  error
}

func (e *OpenError) Error() string {
	reason := e.Err.Error()
	if errno, ok := errors.AsType[syscall.Errno](e.Err); ok {
		reason = errno.Error()
	}
	return "Error opening logfile " + e.Name + ": " + strings.ToUpper(reason[:1]) + reason[1:]
}

func (e *OpenError) Unwrap() error { return e.Err }

// Close ends with the file.
func (t *Tracer) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
}
