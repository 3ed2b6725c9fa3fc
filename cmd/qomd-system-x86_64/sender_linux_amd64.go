package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// senderPID is the process that sent the last of the signals that are watched;
// goHandler is where the Go runtime handles signals. Both belong to noteSender.
var (
	senderPID int32
	goHandler uintptr
)

// senderHandler returns the address of noteSender.
func senderHandler() uintptr

// kernelAction is the kernel's struct sigaction.
type kernelAction struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

// watchSenders has it noted who sends signals, which Go's os/signal does not
// tell: a handler of ours comes before the runtime's. Where it cannot, the sender
// stays unknown.
func watchSenders(signals []os.Signal) {
	for _, s := range signals {
		number, ok := s.(syscall.Signal)
		if !ok {
			continue
		}
		var action kernelAction
		if !rtSigaction(number, nil, &action) || action.handler == senderHandler() {
			continue
		}
		goHandler = action.handler // the same for all
		action.handler = senderHandler()
		rtSigaction(number, &action, nil)
	}
}

func rtSigaction(s syscall.Signal, to, from *kernelAction) bool {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s),
		uintptr(unsafe.Pointer(to)), uintptr(unsafe.Pointer(from)), unsafe.Sizeof(to.mask), 0, 0)
	return errno == 0
}

// sender is who sent the last signal, 0 if nobody knows.
func sender() int { return int(atomic.LoadInt32(&senderPID)) }
