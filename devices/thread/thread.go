package thread

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Thread is a parked thread. The nil Thread stands for the process itself.
type Thread struct {
	id                int
	ready, stop, done chan struct{}
}

// Start starts a thread. Its name is what ps and top show; the system cuts it
// after 15 bytes.
func Start(name string) *Thread {
	t := &Thread{stop: make(chan struct{}), ready: make(chan struct{}), done: make(chan struct{})}
	go t.run(name)
	<-t.ready
	return t
}

func (t *Thread) run(name string) {
	runtime.LockOSThread()
	if unix.Gettid() == os.Getpid() {
		// This is the process's own thread. While we have it, another goroutine
		// cannot come by it.
		go t.run(name)
		<-t.ready
		runtime.UnlockOSThread()
		return
	}
	defer close(t.done)
	setName(name)
	t.id = unix.Gettid()
	close(t.ready)
	<-t.stop // still locked: the thread ends with us
}

// setName names the calling thread. Nothing depends on it.
func setName(name string) {
	if p, err := unix.BytePtrFromString(name); err == nil {
		unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(p)), 0, 0, 0)
	}
}

// ID returns the number by which the system knows the thread.
func (t *Thread) ID() int {
	if t == nil {
		return os.Getpid()
	}
	return t.id
}

// Stop ends the thread. It is called once.
func (t *Thread) Stop() {
	if t == nil {
		return
	}
	close(t.stop)
	<-t.done
}
