package virtio_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qomd/qomd/devices"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/fsdev"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

var allTypes = devices.NewTypes(catalog.Default())

// rig is a machine with memory, a PCI Express root bus whose devices come and
// go at once, and a root port.
type rig struct {
	t      testing.TB
	env    *qdev.Env
	clock  *stepClock
	events []string
	host   *qdev.Device
	bus    pci.Bus
	sys    memory.Region
	ports  memory.Region
	ram    memory.Region
	mem    *memory.AddressSpace
	io     *memory.AddressSpace
	drives map[string]qdev.Backend
	shared *fsdev.Set
	back   chan func() // what goroutines want done with the lock, which the test has
}

const ramSize = 64 << 20

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, clock: &stepClock{}, drives: map[string]qdev.Backend{}}
	r.back = make(chan func())
	r.shared = fsdev.NewSet(func(f func()) { r.back <- f })
	tree := qomtest.NewTree(t, allTypes)
	sys := memory.NewSystem(tree)
	r.env = &qdev.Env{Tree: tree, Memory: sys, Clock: r.clock, Log: slog.New(slog.DiscardHandler), Backends: r}
	r.env.Emit = func(name string, data any) {
		if d, ok := data.(qdev.Deleted); ok {
			r.events = append(r.events, strings.TrimSpace(d.Device+" "+d.Path))
		} else {
			r.events = append(r.events, name)
		}
	}
	tree.Context = r.env
	object.Container(tree)
	machine := r.child(tree.Root(), "machine", "pc-q35-11.1-machine")
	r.env.Peripheral = r.child(machine, "peripheral", "container")
	r.env.PeripheralAnon = r.child(machine, "peripheral-anon", "container")
	r.env.Unattached = r.child(machine, "unattached", "container")
	sys.Unattached = r.env.Unattached
	qdev.InitSystemBus(r.env)
	r.sys.Init(sys, nil, "system", ^uint64(0))
	r.ports.Init(sys, nil, "io", 1<<16)
	r.ram.InitRAM(sys, nil, "ram", ramSize)
	r.sys.AddSubregion(0, &r.ram)
	r.mem, r.io = sys.NewSpace(&r.sys, "memory"), sys.NewPortSpace(&r.ports, "I/O")

	r.host = qdev.From(r.child(machine, "q35", "q35-pcihost"))
	pci.InitRootBus(&r.bus, "PCIE", r.host, "pcie.0", pci.Spaces{Mem: &r.sys, IO: &r.ports, DMA: &r.sys})
	if err := r.host.Realize(r.env.SystemBus); err != nil {
		t.Fatal(err)
	}
	r.must(r.add(`{"driver": "pcie-root-port", "id": "rp0", "chassis": 1}`))
	r.bus.SetHandler(r)
	r.env.Ready = true
	t.Cleanup(func() {
		r.env.Emit = func(string, any) {}
		sys.Settle()
		r.clock.advance(time.Hour) // what is in flight ends
		r.finish()
		sys.Settle()
		qomtest.Check(t, tree)
		tree.Close()
		sys.Close()
	})
	return r
}

func (r *rig) child(parent *qom.Object, name, typ string) *qom.Object {
	o, err := r.env.Tree.NewChild(parent, name, typ)
	if err != nil {
		r.t.Fatal(err)
	}
	return o
}

// QOM makes the rig the hot-plug handler of its root bus: one that never asks.
func (r *rig) QOM() *qom.Object { return &r.host.Object }

// SharedFolders implements [fsdev.Keeper].
func (r *rig) SharedFolders() *fsdev.Set { return r.shared }

// share adds a folder to be shared, under the id "a"; more are other members.
func (r *rig) share(more ...qjson.Member) string {
	r.t.Helper()
	dir := r.t.TempDir()
	members := append([]qjson.Member{{Name: "fsdriver", Value: "local"}, {Name: "path", Value: dir}, {Name: "security_model", Value: "none"}}, more...)
	if err := r.shared.Add("a", qjson.NewObject(members...)); err != nil {
		r.t.Fatal(err)
	}
	return dir
}

// finish does what goroutines want done until there are none.
func (r *rig) finish() {
	over := make(chan struct{})
	go func() {
		r.shared.Wait()
		close(over)
	}()
	for {
		select {
		case f := <-r.back:
			f()
		case <-over:
			return
		}
	}
}

// Netdev, Drive and Chardev make the rig the backends of its machine.
func (r *rig) Netdev(name string) qdev.Backend  { return r.drives[name] }
func (r *rig) Drive(name string) qdev.Backend   { return r.drives[name] }
func (r *rig) Chardev(name string) qdev.Backend { return r.drives[name] }
func (r *rig) TPM(string) qdev.Backend          { return nil }

func (r *rig) must(d *qdev.Device, err error) *qdev.Device {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

// add is device_add.
func (r *rig) add(args string) (*qdev.Device, error) {
	r.t.Helper()
	v, err := qjson.Parse([]byte(args))
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := qdev.NewRequest(v.(*qjson.Object), false)
	if err != nil {
		return nil, err
	}
	defer r.env.Memory.Settle()
	return qdev.Add(r.env, req)
}

// del is device_del; it answers the events that followed.
func (r *rig) del(id string) []string {
	r.t.Helper()
	if err := qdev.Del(r.env, id); err != nil {
		r.t.Fatal(err)
	}
	return r.settle()
}

// settle answers the events since the last time.
func (r *rig) settle() []string {
	r.env.Memory.Settle()
	events := r.events
	r.events = nil
	return events
}

func (r *rig) get(path, prop string) any {
	r.t.Helper()
	o, _ := r.env.Tree.Resolve(path, "")
	if o == nil {
		r.t.Fatalf("no %s", path)
	}
	v, err := o.Get(prop)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// stepClock is a clock that the test moves.
type stepClock struct {
	now    int64
	timers []*stepTimer
}

type stepTimer struct {
	clock *stepClock
	at    int64
	f     func()
}

func (c *stepClock) Now() int64 { return c.now }

func (c *stepClock) AfterFunc(d time.Duration, f func()) qdev.Timer {
	t := &stepTimer{c, c.now + int64(d), f}
	c.timers = append(c.timers, t)
	return t
}

func (t *stepTimer) Stop() bool {
	i := slices.Index(t.clock.timers, t)
	if i >= 0 {
		t.clock.timers = slices.Delete(t.clock.timers, i, i+1)
	}
	return i >= 0
}

// advance runs what becomes due, in order.
func (c *stepClock) advance(d time.Duration) {
	end := c.now + int64(d)
	for {
		var next *stepTimer
		for _, t := range c.timers {
			if t.at <= end && (next == nil || t.at < next.at) {
				next = t
			}
		}
		if next == nil {
			c.now = end
			return
		}
		next.Stop()
		c.now = max(c.now, next.at)
		next.f()
	}
}

// memDisk is a disk with content, whose requests take a while.
type memDisk struct {
	virtio.NullDisk
	data []byte
	fail error // what requests end with
}

func (r *rig) disk(name string, size int, latency time.Duration) *memDisk {
	d := &memDisk{NullDisk: virtio.NullDisk{ID: name, Bytes: int64(size), Latency: latency, Clock: r.clock}, data: make([]byte, size)}
	r.drives[name] = d
	return d
}
