package net_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/qomd/qomd/devices"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/net"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is the network of a machine without one; its cards are devices on a bus
// of the rig's own.
type rig struct {
	*testing.T
	*net.Stack
	mu     sync.Mutex
	env    *qdev.Env
	clock  manualClock
	files  chardev.Files
	events []string
	sent   map[string]any
}

// Netdev, Chardev and Drive implement [qdev.Backends]; a test of cards names
// only netdevs.
func (r *rig) Chardev(string) qdev.Backend { return nil }
func (r *rig) TPM(string) qdev.Backend     { return nil }
func (r *rig) Drive(string) qdev.Backend   { return nil }

// manualClock keeps what waits for time to pass until the test fires it.
type manualClock struct{ waits []*wait }

type wait struct {
	c *manualClock
	d time.Duration
	f func()
}

func (c *manualClock) Now() int64 { return 0 }

func (c *manualClock) AfterFunc(d time.Duration, f func()) qdev.Timer {
	c.waits = append(c.waits, &wait{c, d, f})
	return c.waits[len(c.waits)-1]
}

func (w *wait) Stop() bool {
	i := slices.Index(w.c.waits, w)
	if i >= 0 {
		w.c.waits = slices.Delete(w.c.waits, i, i+1)
	}
	return i >= 0
}

// fire runs what has waited longest.
func (c *manualClock) fire() {
	w := c.waits[0]
	w.Stop()
	w.f()
}

// card is a device model that notes what it is told.
type card struct {
	qdev.Device
	links  []bool
	frames []string
}

func (c *card) SetLink(up bool)           { c.links = append(c.links, up) }
func (c *card) ReceiveFrame(frame []byte) { c.frames = append(c.frames, string(frame)) }

func newRig(t *testing.T) *rig {
	t.Helper()
	types := devices.NewTypes(catalog.Default())
	types.Add(qom.TypeInfo{
		Name: "test-card", Parent: "device", New: func() qom.Instance { return new(card) },
		ClassInit: func(c *qom.Class) {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.BusType, k.UserCreatable = "System", true })
		},
		Properties: []*qom.Property{
			qdev.NewProperty(catalog.Property{Name: "mac", Type: "str", Device: true}, false),
			qdev.NewProperty(catalog.Property{Name: "netdev", Type: "str", Device: true}, false),
		},
	})
	tree := qomtest.NewTree(t, types)
	r := &rig{T: t, sent: map[string]any{}}
	r.env = &qdev.Env{Tree: tree, Memory: memory.NewSystem(tree), Backends: r, Emit: r.emit, Clock: &r.clock}
	tree.Context = r.env
	for name, into := range map[string]**qom.Object{
		"peripheral": &r.env.Peripheral, "peripheral-anon": &r.env.PeripheralAnon, "unattached": &r.env.Unattached,
	} {
		o, err := tree.NewChild(tree.Root(), name, "container")
		if err != nil {
			t.Fatal(err)
		}
		*into = o
	}
	r.env.Memory.Unattached = r.env.Unattached
	qdev.InitSystemBus(r.env)
	r.Stack = net.NewStack(r.env, r.do, r.emit)
	r.Stack.FDs = &r.files
	t.Cleanup(func() {
		r.Stack.Close()
		r.files.Close()
		r.do(func() {
			tree.Close()
			r.env.Memory.Settle()
		})
	})
	return r
}

func (r *rig) do(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *rig) emit(name string, data any) {
	r.events = append(r.events, name)
	r.sent[name] = data
}

// add is netdev_add with single-quoted JSON for arguments.
func (r *rig) add(args string) error {
	r.Helper()
	v, err := qjson.Parse([]byte(args))
	if err != nil {
		r.Fatal(err)
	}
	r.do(func() { _, err = r.Stack.Add(v.(*qjson.Object)) })
	return err
}

func (r *rig) must(args string) {
	r.Helper()
	if err := r.add(args); err != nil {
		r.Fatal(args, err)
	}
}

// until waits for something other goroutines bring about.
func (r *rig) until(what string, f func() bool) {
	r.Helper()
	qomtest.Until(r.T, r.do, what, f)
}
