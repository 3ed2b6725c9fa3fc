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
	inherit()
	t.park(unix.Gettid()) // still locked: the thread ends with us
}

// inherit has the calling thread run where and how the process's own may. QEMU's
// threads are made by that one and get it from there; Go makes them from any. So
// who pins the process, as libvirt's emulatorpin does, has pinned what comes
// later. Where that is forbidden the thread runs as it did.
func inherit() {
	var set unix.CPUSet
	if unix.SchedGetaffinity(os.Getpid(), &set) == nil {
		unix.SchedSetaffinity(0, &set)
	}
	if attr, err := unix.SchedGetAttr(os.Getpid(), 0); err == nil {
		unix.SchedSetAttr(0, attr, 0)
	}
}

// setName names the calling thread. Nothing depends on it.
func setName(name string) {
	if p, err := unix.BytePtrFromString(name); err == nil {
		unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(p)), 0, 0, 0)
	}
}
