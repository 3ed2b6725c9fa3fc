package main

import (
	"testing"
	"time"
)

// A grace that nobody chose is two milliseconds, longer while threads wait; one
// that somebody chose is just that.
func TestEventGrace(t *testing.T) {
	for _, c := range []struct {
		env     string
		want    time.Duration
		stretch bool
		fails   bool
	}{
		{"", 2 * time.Millisecond, true, false},
		{"0", 0, false, false},
		{"15ms", 15 * time.Millisecond, false, false},
		{"-1ms", 0, false, true},
		{"soon", 0, false, true},
	} {
		t.Setenv(graceEnv, c.env)
		grace, busy, err := eventGrace()
		if grace != c.want || (busy != nil) != c.stretch || (err != nil) != c.fails {
			t.Errorf("%s=%s: %v, stretches %v, %v", graceEnv, c.env, grace, busy != nil, err)
		}
	}
}

func TestRunnable(t *testing.T) {
	for line, want := range map[string]int{"0.20 0.18 0.12 1/80 11206\n": 1, "13.58 12.95 8.57 17/412 9\n": 17, "": 0, "1 2 3": 0} {
		if n := runnable(line); n != want {
			t.Errorf("%q: %d, want %d", line, n, want)
		}
	}
}
