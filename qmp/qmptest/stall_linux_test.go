package qmptest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/qomd/qomd/qmp/qmptest"
)

// deaf is a socket that listens, and whose queue is full: who connects waits
// until somebody accepts.
type deaf struct {
	*testing.T
	fd int
}

func newDeaf(t *testing.T, path string) *deaf {
	t.Helper()
	addr := &syscall.SockaddrUnix{Name: path}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	must(t, syscall.Bind(fd, addr))
	must(t, syscall.Listen(fd, 0))
	first, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	must(t, syscall.Connect(first, addr))
	t.Cleanup(func() {
		syscall.Close(first)
		syscall.Close(fd)
	})
	return &deaf{t, fd}
}

// accept lets whoever waits in.
func (d *deaf) accept() {
	fd, _, err := syscall.Accept(d.fd)
	must(d.T, err)
	d.Cleanup(func() { syscall.Close(fd) })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestNothingBlocks has one client wait for somebody who does not answer, while
// another one is served.
func TestNothingBlocks(t *testing.T) {
	for name, stall := range map[string]func(*testing.T) (request string, release func()){
		"chardev-add": func(t *testing.T) (string, func()) {
			path := filepath.Join(t.TempDir(), "s")
			d := newDeaf(t, path)
			return `{"execute": "chardev-add", "arguments": {"id": "c", "backend": {"type": "socket", "data": {"server": false,
				"addr": {"type": "unix", "data": {"path": "` + path + `"}}}}}}`, d.accept
		},
		"chardev-add for people": func(t *testing.T) (string, func()) {
			path := filepath.Join(t.TempDir(), "s")
			d := newDeaf(t, path)
			return human("chardev-add socket,id=c,path=" + path), d.accept
		},
		"chardev-change for people": func(t *testing.T) (string, func()) {
			path := filepath.Join(t.TempDir(), "s")
			d := newDeaf(t, path)
			return human("chardev-change old socket,path=" + path), d.accept
		},
		"a file that is a pipe": func(t *testing.T) (string, func()) {
			path := filepath.Join(t.TempDir(), "p")
			must(t, syscall.Mkfifo(path, 0o600))
			return `{"execute": "chardev-add", "arguments": {"id": "c", "backend": {"type": "file", "data": {"out": "` + path + `"}}}}`,
				func() {
					f, err := os.Open(path)
					must(t, err)
					t.Cleanup(func() { f.Close() })
				}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := qmptest.Start(t)
			other := m.Client()
			other.Must("chardev-add", qmptest.A{"id": "old", "backend": qmptest.A{"type": "null", "data": qmptest.A{}}})
			request, release := stall(t)
			conn := m.Dial()
			defer conn.Close()
			r := json.NewDecoder(conn)
			// The second of the requests is at work when the third session's comes.
			fmt.Fprintf(conn, `{"execute": "qmp_capabilities", "id": "ready"} %s`, request)
			for answer(t, r)["id"] != "ready" {
			}
			other.Must("query-status", nil)
			other.Must("query-status", nil)
			release()
			for {
				a := answer(t, r)
				if a["error"] != nil || a["return"] != nil && a["return"] != "" && fmt.Sprint(a["return"]) != "map[]" {
					t.Fatal(a)
				}
				if a["return"] != nil {
					break
				}
			}
			var list []struct{ Label, Filename string }
			other.Must("query-chardev", nil, &list)
			if len(list) == 1 && list[0].Filename == "null" {
				t.Error("the device is not there")
			}
		})
	}
}

func human(line string) string {
	return `{"execute": "human-monitor-command", "arguments": {"command-line": "` + line + `"}}`
}

func answer(t *testing.T, r *json.Decoder) map[string]any {
	t.Helper()
	var a map[string]any
	if err := r.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestLeaveWhileWaiting ends a machine that still waits for somebody.
func TestLeaveWhileWaiting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	must(t, syscall.Mkfifo(path, 0o600))
	m := qmptest.Start(t)
	conn := m.Dial()
	defer conn.Close()
	fmt.Fprintf(conn, `{"execute": "qmp_capabilities", "id": "ready"}
		{"execute": "chardev-add", "arguments": {"id": "c", "backend": {"type": "file", "data": {"out": "%s"}}}}`, path)
	r := json.NewDecoder(conn)
	for answer(t, r)["id"] != "ready" {
	}
	m.Client().Must("query-status", nil)
}
