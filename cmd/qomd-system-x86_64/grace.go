package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// graceEnv is how long after its cause DEVICE_DELETED is sent, as "5ms" or "0";
// see [daemon.Options]. Without it that is defaultGrace, and on a busy machine
// longer: libvirt 12 misses the event if the thread that has asked for it has not
// yet run since the reply, and on two processors with a load of 13 that was so
// after 2 ms in 14 of 200 cases, after 10 ms in none.
const (
	graceEnv     = "QOMD_EVENT_GRACE"
	defaultGrace = 2 * time.Millisecond
)

func eventGrace() (grace time.Duration, busy func() bool, err error) {
	text := os.Getenv(graceEnv)
	if text == "" {
		return defaultGrace, threadsWait, nil
	}
	grace, err = time.ParseDuration(text)
	if err == nil && grace < 0 {
		err = errors.New("it is negative")
	}
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", graceEnv, err)
	}
	return grace, nil, nil
}

// threadsWait reports whether more threads want to run than there are processors.
// It is false where the system does not tell.
func threadsWait() bool {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return false
	}
	return runnable(string(text)) > runtime.NumCPU()
}

// runnable is the number of threads that run or wait for a processor, of a line as
// /proc/loadavg has it: "0.20 0.18 0.12 1/80 11206".
func runnable(line string) int {
	var n int
	if f := strings.Fields(line); len(f) > 3 {
		running, _, _ := strings.Cut(f[3], "/")
		n, _ = strconv.Atoi(running)
	}
	return n
}
