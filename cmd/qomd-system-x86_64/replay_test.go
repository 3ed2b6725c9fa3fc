package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/transcript"
)

// recordings are sessions of a real QEMU 11.1.3, all of them.
const recordings = "../../qmp/transcript/testdata/qemu-11.1.3"

// ownRecordings are more of the same, made for what those do not ask.
const ownRecordings = "testdata/recorded"

// updateOpen rewrites the list of recordings that do not replay yet.
var updateOpen = flag.Bool("update-open", false, "rewrite testdata/open.txt from this run")

// How long one message may take: long, so that a busy machine fails no test, but
// not where failing is expected.
const (
	messageLimit = time.Minute
	openLimit    = 500 * time.Millisecond
	updateLimit  = 3 * time.Second
)

// TestReplay plays every recorded session against the program. testdata/open.txt
// lists those that differ so far: one that is not listed must replay, and one
// that is listed must not, so that the list says the truth.
func TestReplay(t *testing.T) {
	open := readOpen(t)
	list, err := transcript.LoadDir(recordings)
	if err != nil {
		t.Fatal(err)
	}
	own, err := transcript.LoadDir(ownRecordings)
	if err != nil {
		t.Fatal(err)
	}
	list = append(list, own...)
	var mu sync.Mutex
	passed, differs := 0, map[string]bool{}
	t.Run("all", func(t *testing.T) {
		for _, tr := range list {
			name := strings.TrimSuffix(filepath.Base(tr.File), ".jsonl")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				limit := messageLimit
				switch {
				case *updateOpen:
					limit = updateLimit
				case open[name]:
					limit = openLimit
				}
				err := play(t, tr, limit)
				mu.Lock()
				if err == nil {
					passed++
				} else {
					differs[name] = true
				}
				mu.Unlock()
				switch {
				case *updateOpen:
				case err != nil && !open[name]:
					t.Error(err)
				case err == nil && open[name]:
					t.Error("replays now: take it off testdata/open.txt")
				case err != nil:
					t.Skipf("still open: %v", err)
				}
			})
		}
	})
	t.Logf("%d of %d recordings replay", passed, len(list))
	if *updateOpen {
		writeOpen(t, list, differs)
	}
}

// readOpen reads the names of recordings that are known to differ.
func readOpen(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("testdata/open.txt")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	open := map[string]bool{}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); line != "" && !strings.HasPrefix(line, "#") {
			open[line] = true
		}
	}
	return open
}

func writeOpen(t *testing.T, list []*transcript.Transcript, differs map[string]bool) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Recordings of QEMU 11.1.3 that do not replay yet; go test -update-open rewrites this list.\n")
	topic := ""
	for _, tr := range list {
		name := strings.TrimSuffix(filepath.Base(tr.File), ".jsonl")
		if !differs[name] {
			continue
		}
		if tr.Topic != topic {
			topic = tr.Topic
			fmt.Fprintf(&b, "\n# %s\n", topic)
		}
		fmt.Fprintln(&b, name)
	}
	if err := os.WriteFile("testdata/open.txt", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// signals are those that recordings send.
var signals = map[string]os.Signal{
	"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL,
}

// play starts the program as the transcript wants it and plays; limit is for
// one message.
func play(t *testing.T, tr *transcript.Transcript, limit time.Duration) error {
	dir := t.TempDir()
	port := ""
	fill := func(s string) string {
		if strings.Contains(s, "{port}") && port == "" {
			port = freePort(t)
		}
		return strings.NewReplacer("{dir}", dir, "{port}", port).Replace(s)
	}
	for name, size := range tr.Files {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			return err
		}
		if err := os.Truncate(filepath.Join(dir, name), size); err != nil {
			return err
		}
	}
	args := make([]string, len(tr.Args))
	for i, a := range tr.Args {
		args[i] = fill(a)
	}
	p := start(t, args...)
	player := transcript.Player{
		Fill: fill,
		Dial: func(address string) (net.Conn, error) { return p.dial(fill(address)) },
		Signal: func(name string) error {
			sig, ok := signals[name]
			if !ok {
				return fmt.Errorf("unknown signal %q", name)
			}
			return p.cmd.Process.Signal(sig)
		},
		Exit:    p.wait,
		Timeout: limit,
		// What must not arrive would arrive at once: nothing here is slow.
		MaxQuiet: 20 * time.Millisecond,
	}
	if err := player.Play(tr); err != nil {
		if text := p.stop(); text != "" {
			return fmt.Errorf("%w\nstderr: %s", err, text)
		}
		return err
	}
	return nil
}
