package qomtest

import (
	"runtime"
	"testing"
	"time"
)

// Until waits for what other goroutines bring about: until f, which do runs under
// the lock of its tree, reports true. After a minute the test fails.
func Until(t testing.TB, do func(func()), what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; runtime.Gosched() {
		ok := false
		do(func() { ok = f() })
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("never: ", what)
		}
	}
}
