package chardev_test

import (
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qomd/qomd/devices"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a machine's character devices without a machine.
type rig struct {
	*testing.T
	*chardev.Set
	mu    sync.Mutex
	env   *qdev.Env
	yanks chardev.Yanks
	files chardev.Files
}

// CharacterDevices implements [chardev.Keeper].
func (r *rig) CharacterDevices() *chardev.Set { return r.Set }

// Chardev, Netdev and Drive implement [qdev.Backends].
func (r *rig) TPM(string) qdev.Backend { return nil }
func (r *rig) Chardev(id string) qdev.Backend {
	if c := r.Set.Find(id); c != nil {
		return c
	}
	return nil
}
func (r *rig) Netdev(string) qdev.Backend { return nil }
func (r *rig) Drive(string) qdev.Backend  { return nil }

func newRig(t *testing.T) *rig {
	t.Helper()
	tree := qomtest.NewTree(t, devices.NewTypes(catalog.Default()))
	r := &rig{T: t}
	r.env = &qdev.Env{Tree: tree, Memory: memory.NewSystem(tree), Backends: r}
	tree.Context = r.env
	root, err := tree.NewChild(tree.Root(), "chardevs", "container")
	if err != nil {
		t.Fatal(err)
	}
	r.Set = chardev.NewSet(root, r.do, &r.yanks, nil)
	r.Set.FDs = &r.files
	t.Cleanup(func() {
		r.Set.Close()
		r.files.Close()
		r.env.Memory.Settle()
	})
	return r
}

func (r *rig) do(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// add makes a device.
func (r *rig) add(id string, o chardev.Options) *chardev.Chardev {
	r.Helper()
	var c *chardev.Chardev
	var err error
	r.do(func() { c, err = r.Create(id, o) })
	if err != nil {
		r.Fatal(err)
	}
	return c
}

// server makes a listening socket and returns its path.
func (r *rig) server(id string) (*chardev.Chardev, string) {
	r.Helper()
	path := filepath.Join(r.TempDir(), id)
	return r.add(id, socketAt(path, true)), path
}

func socketAt(path string, server bool) chardev.Options {
	return chardev.Options{Kind: "socket", Socket: chardev.SocketOptions{Path: path, Server: server}}
}

func (r *rig) dial(path string) net.Conn {
	r.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	return conn
}

// until waits for something other goroutines bring about.
func (r *rig) until(what string, f func() bool) {
	r.Helper()
	qomtest.Until(r.T, r.do, what, f)
}

// device is a front end that takes no more than it was allowed to.
type device struct {
	*chardev.Frontend
	space  int
	got    []byte
	events []chardev.Event
}

func (r *rig) connect(c *chardev.Chardev, space int) *device {
	r.Helper()
	d := &device{space: space}
	d.Frontend = &chardev.Frontend{
		Who:   "device",
		Space: func() int { return d.space },
		Receive: func(p []byte) {
			if len(p) > d.space {
				r.Errorf("%d bytes where %d fit", len(p), d.space)
			}
			d.got, d.space = append(d.got, p...), d.space-len(p)
		},
		Event: func(e chardev.Event) { d.events = append(d.events, e) },
		Swap:  func() error { return nil },
	}
	r.do(func() {
		if err := c.Connect(d.Frontend); err != nil {
			r.Fatal(err)
		}
		d.Ready()
	})
	return d
}

func (r *rig) read(conn io.Reader, n int) string {
	r.Helper()
	buf := make([]byte, n)
	if _, err := io.ReadFull(conn, buf); err != nil {
		r.Fatal(err)
	}
	return string(buf)
}

func (r *rig) check(c *qom.Tree) {
	r.Helper()
	r.do(func() { qomtest.Check(r.T, c) })
}
