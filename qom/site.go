package qom

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// ours is the prefix of the names of this package's functions.
const ours = "github.com/qomd/qomd/qom."

// caller returns the place outside of this package that the current call came
// from, 0 when there is none.
func caller() uintptr {
	var pcs [16]uintptr
	n := runtime.Callers(2, pcs[:])
	for _, pc := range pcs[:n] {
		if !strings.HasPrefix(runtime.FuncForPC(pc-1).Name(), ours) {
			return pc
		}
	}
	return 0
}

// place spells a program counter: "xhci.(*Core).Finalize (xhci.go:120)", empty
// for none.
func place(pc uintptr) string {
	if pc == 0 {
		return ""
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	name := frame.Function[strings.LastIndexByte(frame.Function, '/')+1:]
	return fmt.Sprintf("%s (%s:%d)", name, filepath.Base(frame.File), frame.Line)
}

// finalizerSite finds, on the current stack, the finalizer that is running: what
// the core's finalization called.
func finalizerSite() uintptr {
	var pcs [64]uintptr
	n := runtime.Callers(2, pcs[:])
	last := uintptr(0)
	for _, pc := range pcs[:n] {
		name := runtime.FuncForPC(pc - 1).Name()
		if strings.HasPrefix(name, ours) {
			if strings.HasSuffix(name, ".runFinalizers") || strings.HasSuffix(name, ".releaseProperties") {
				return last
			}
			continue
		}
		last = pc
	}
	return 0
}
