package thread

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

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
	setName(name)
	t.park(unix.Gettid()) // still locked: the thread ends with us
}

// setName names the calling thread. Nothing depends on it.
func setName(name string) {
	if p, err := unix.BytePtrFromString(name); err == nil {
		unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(p)), 0, 0, 0)
	}
}
