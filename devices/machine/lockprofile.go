package machine

import (
	"cmp"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// bigLock is the machine's lock. It can count how often and how long it is waited
// for.
type bigLock struct {
	sync.Mutex
	profiled atomic.Bool
	waits    map[uintptr]*wait // by the place of the call; guarded by the lock itself
}

type wait struct {
	count int64
	total time.Duration
}

// lock takes the lock for the caller of the caller's caller.
func (l *bigLock) lock() {
	if !l.profiled.Load() {
		l.Lock()
		return
	}
	var from [1]uintptr
	runtime.Callers(4, from[:]) // of Callers, lock, locked, Do, whoever called that
	began := time.Now()
	l.Lock()
	waited := time.Since(began)
	if l.waits == nil {
		l.waits = map[uintptr]*wait{}
	}
	w := l.waits[from[0]]
	if w == nil {
		w = &wait{}
		l.waits[from[0]] = w
	}
	w.count++
	w.total += waited
}

// ProfileLock says whether waits for the machine's lock are counted from now on.
func (m *Machine) ProfileLock(on bool) { m.mu.profiled.Store(on) }

// LockProfiled reports whether they are.
func (m *Machine) LockProfiled() bool { return m.mu.profiled.Load() }

// ForgetLockWaits begins counting anew.
func (m *Machine) ForgetLockWaits() { clear(m.mu.waits) }

// LockWait is how often and how long one place in the code waited for the
// machine's lock.
type LockWait struct {
	Place string // file and line
	Count int64
	Total time.Duration
}

// Average is how long it waited each time.
func (w LockWait) Average() time.Duration { return w.Total / time.Duration(max(w.Count, 1)) }

// LockWaits lists who waited for the machine's lock, the longest first: by the
// sum of it, or by the average.
func (m *Machine) LockWaits(average bool) []LockWait {
	list := make([]LockWait, 0, len(m.mu.waits))
	for pc, w := range m.mu.waits {
		list = append(list, LockWait{place(pc), w.count, w.total})
	}
	slices.SortFunc(list, func(a, b LockWait) int {
		if average {
			return cmp.Or(cmp.Compare(b.Average(), a.Average()), cmp.Compare(a.Place, b.Place))
		}
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Place, b.Place))
	})
	return list
}

// place is the file and line of a call, the file beginning at the module's root.
func place(pc uintptr) string {
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	folder, name := path.Split(frame.Function) // …/qmp/hmp.(*Human).typed
	name, _, _ = strings.Cut(name, ".")
	_, folder, _ = strings.Cut(path.Join(folder, strings.TrimSuffix(name, "_test")), "qomd/qomd/")
	return path.Join(folder, path.Base(frame.File)) + ":" + strconv.Itoa(frame.Line)
}
