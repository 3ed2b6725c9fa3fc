package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// QEMU tells who has ended it. The kernel says so to a signal's handler only, and
// Go's keeps it for itself: so a few instructions go before that one.
var (
	goHandler uintptr // Go's handler, the same for all signals
	sender    int32   // of the last signal, 0: nobody's process
)

// onSignalAddress is where these instructions are.
func onSignalAddress() uintptr

// sigIgn, and 0 below it, stand for no handler.
const sigIgn = 1

// sigaction is the kernel's.
type sigaction struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

// noteSenders has the senders of signals noted, which Go handles already. Where
// that fails they stay unknown.
func noteSenders(signals []os.Signal) {
	for _, s := range signals {
		n, ok := s.(syscall.Signal)
		var act sigaction
		if !ok || !rtSigaction(n, nil, &act) || act.handler <= sigIgn || goHandler != 0 && act.handler != goHandler {
			continue
		}
		goHandler, act.handler = act.handler, onSignalAddress()
		rtSigaction(n, &act, nil)
	}
}

func rtSigaction(n syscall.Signal, set, old *sigaction) bool {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), unsafe.Sizeof(set.mask), 0, 0)
	return errno == 0
}

// lastSender is the number of the process that has sent the last signal, 0 for a
// terminal or the kernel.
func lastSender() int { return int(atomic.LoadInt32(&sender)) }
