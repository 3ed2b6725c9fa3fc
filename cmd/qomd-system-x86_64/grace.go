package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// graceEnv is how long after its cause DEVICE_DELETED is sent, as "5ms" or "0";
// see [daemon.Options]. Without it that is defaultGrace, and longer while a client
// has a thread that waits for a processor: libvirt 12 misses the event if the one
// that has asked for it has not run since the reply, and on two processors with a
// load of 13 that was so after 2 ms in 14 of 200 cases. With this it was not once
// in 500.
const (
	graceEnv     = "QOMD_EVENT_GRACE"
	defaultGrace = 2 * time.Millisecond
)

// eventGrace reads the environment; whoever has chosen a time gets that one, and
// stretch is false.
func eventGrace() (grace time.Duration, stretch bool, err error) {
	text := os.Getenv(graceEnv)
	if text == "" {
		return defaultGrace, true, nil
	}
	grace, err = time.ParseDuration(text)
	if err == nil && grace < 0 {
		err = errors.New("it is negative")
	}
	if err != nil {
		return 0, false, fmt.Errorf("%s: %w", graceEnv, err)
	}
	return grace, false, nil
}

// clients are the processes that have connected to a monitor by a unix socket.
type clients struct {
	mu   sync.Mutex
	pids map[int]bool
}

// note remembers who is at the other end of a connection, and returns that.
func (c *clients) note(conn net.Conn) net.Conn {
	inner := conn
	for {
		outer, ok := inner.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		inner = outer.NetConn()
	}
	if u, ok := inner.(*net.UnixConn); ok {
		c.add(peer(u))
	}
	return conn
}

// add adds a process, whose number is 0 if it is not known.
func (c *clients) add(pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pids == nil {
		c.pids = map[int]bool{}
	}
	if pid != 0 {
		c.pids[pid] = true
	}
}

// busy reports whether a thread of theirs runs or wants to. It forgets processes
// that have ended.
func (c *clients) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	busy := false
	for pid := range c.pids {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil || len(threads) == 0 {
			delete(c.pids, pid)
		}
		for _, thread := range threads {
			if stat, err := os.ReadFile(thread); err == nil && runs(stat) {
				busy = true
			}
		}
	}
	return busy
}

// runs reads the state in a line as /proc/PID/stat has it, "12 (a (name)) R 1 …":
// running, or waiting for a processor or a disk.
func runs(stat []byte) bool {
	i := bytes.LastIndexByte(stat, ')')
	return i >= 0 && len(stat) > i+2 && (stat[i+2] == 'R' || stat[i+2] == 'D')
}
