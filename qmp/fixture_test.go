package qmp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
)

// qemuSchema is the introspection schema of QEMU 11.1.3, shared by all tests.
var qemuSchema = schema.New(func() ([]byte, error) {
	packed, err := os.ReadFile("schema/testdata/schema-11.1.3.json.gz")
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
})

// machine is as much of one as these tests need: a run state and a lock.
type machine struct {
	mu      sync.Mutex
	server  *qmp.Server
	running bool
}

// newMachine returns a machine like "-machine none" with a server, not served.
func newMachine(config func(*qmp.Config)) *machine {
	m := &machine{running: true}
	cfg := qmp.Config{
		Commands: m.commands(),
		Schema:   qemuSchema,
		Version:  qmp.Version{Major: 11, Minor: 1, Micro: 3, Package: "test"},
		Do:       m.do,
	}
	if config != nil {
		config(&cfg)
	}
	m.server = qmp.NewServer(cfg)
	return m
}

func (m *machine) do(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

type none = struct{}

type statusInfo struct {
	Running bool   `json:"running"`
	Status  string `json:"status"`
}

func (m *machine) status() statusInfo {
	if m.running {
		return statusInfo{true, "running"}
	}
	return statusInfo{false, "paused"}
}

func (m *machine) commands() *qmp.CommandSet {
	set := qmp.NewCommandSet()
	qmp.Register(set, "query-name", qmp.AllowPreconfig, func(*qmp.Call, none) (none, error) { return none{}, nil })
	qmp.Register(set, "query-status", qmp.AllowPreconfig, func(*qmp.Call, none) (statusInfo, error) { return m.status(), nil })
	qmp.Register(set, "query-version", 0, func(*qmp.Call, none) (any, error) { return m.server.VersionInfo(), nil })
	qmp.Register(set, "query-commands", 0, func(*qmp.Call, none) ([]map[string]string, error) {
		var list []map[string]string
		for _, n := range set.Names() {
			list = append(list, map[string]string{"name": n})
		}
		return list, nil
	})
	qmp.Register(set, "stop", 0, func(*qmp.Call, none) (none, error) {
		if m.running {
			m.running = false
			m.server.Emit("STOP", nil)
		}
		return none{}, nil
	})
	qmp.Register(set, "cont", 0, func(*qmp.Call, none) (none, error) {
		if !m.running {
			m.running = true
			m.server.Emit("RESUME", nil)
		}
		return none{}, nil
	})
	type path struct {
		Path string `json:"path"`
	}
	qmp.Register(set, "qom-list", 0, func(_ *qmp.Call, a path) ([]none, error) {
		if a.Path != "/" {
			return nil, qmp.Errorf(qmp.DeviceNotFound, "Device '%s' not found", a.Path)
		}
		return nil, nil
	})
	type pathProperty struct {
		path
		Property string `json:"property"`
	}
	qmp.Register(set, "qom-get", 0, func(_ *qmp.Call, a pathProperty) (any, error) { return "container", nil })
	qmp.Register(set, "migrate-pause", qmp.AllowOOB, func(*qmp.Call, none) (none, error) {
		return none{}, qmp.Errorf(qmp.GenericError,
			"migrate-pause is currently only supported during postcopy-active or postcopy-recover state")
	})
	qmp.RegisterRaw(set, "yank", qmp.AllowOOB, func(*qmp.Call, *qjson.Object) (any, error) { return nil, nil })
	qmp.RegisterRaw(set, "migrate-recover", qmp.AllowOOB, func(*qmp.Call, *qjson.Object) (any, error) {
		return nil, qmp.Errorf(qmp.GenericError, "Migrate recover can only be run when postcopy is paused.")
	})
	qmp.Register(set, "query-yank", qmp.AllowOOB, func(*qmp.Call, none) (any, error) {
		return []map[string]string{{"type": "chardev", "id": "compat_monitor0"}}, nil
	})
	return set
}

// serve listens on a unix socket and returns its path. The server is shut down
// when the test ends.
func (m *machine) serve(t testing.TB, monitor qmp.Monitor) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "qmp.sock")
	ln, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- m.server.Serve(context.Background(), ln, monitor) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := m.server.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != qmp.ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
	})
	return name
}

// dialer connects to the unix sockets of transcripts; all are the same one here.
func dialer(socket string) func(string) (net.Conn, error) {
	return func(address string) (net.Conn, error) {
		path, ok := strings.CutPrefix(address, "unix:{dir}/")
		if !ok {
			return nil, os.ErrInvalid
		}
		return net.Dial("unix", filepath.Join(filepath.Dir(socket), path))
	}
}
