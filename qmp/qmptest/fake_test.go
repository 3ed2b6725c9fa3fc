package qmptest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// fakeT stands for a test that is expected to fail, and for the test in an
// example. Its Cleanup functions run in finish.
type fakeT struct {
	testing.TB // the rest; nil in examples

	failed   bool
	fatal    string
	log      strings.Builder
	cleanups []func()
	dir      func() string
}

func (t *fakeT) Helper()                 {}
func (t *fakeT) Failed() bool            { return t.failed }
func (t *fakeT) Cleanup(f func())        { t.cleanups = append(t.cleanups, f) }
func (t *fakeT) TempDir() string         { return t.dir() }
func (t *fakeT) Logf(f string, a ...any) { fmt.Fprintf(&t.log, f+"\n", a...) }
func (t *fakeT) Errorf(f string, a ...any) {
	t.failed = true
	t.Logf(f, a...)
}
func (t *fakeT) Error(a ...any) { t.Errorf("%s", fmt.Sprint(a...)) }
func (t *fakeT) Fatal(a ...any) {
	t.failed, t.fatal = true, fmt.Sprint(a...)
	t.Logf("%s", t.fatal)
	runtime.Goexit()
}
func (t *fakeT) Fatalf(f string, a ...any) { t.Fatal(fmt.Sprintf(f, a...)) }

// finish ends the test as package testing does.
func (t *fakeT) finish() {
	for len(t.cleanups) > 0 {
		f := t.cleanups[len(t.cleanups)-1]
		t.cleanups = t.cleanups[:len(t.cleanups)-1]
		f()
	}
}

// runFake runs f as a test of its own and returns what became of it.
func runFake(t testing.TB, f func(t testing.TB)) *fakeT {
	t.Helper()
	fake := &fakeT{TB: t, dir: t.TempDir}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer fake.finish()
		f(fake)
	}()
	<-done
	return fake
}

// wantFatal runs f, which has to end its test with the text.
func wantFatal(t *testing.T, text string, f func(t testing.TB)) {
	t.Helper()
	if fake := runFake(t, f); fake.fatal != text {
		t.Errorf("ended with %q, want %q", fake.fatal, text)
	}
}
