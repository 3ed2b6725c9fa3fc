package lifetime_test

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// latency is how long a request of the disk takes.
const latency = 2 * time.Second

// sharedTypes are the types of all machines of the random programs.
var sharedTypes = sync.OnceValue(func() *qom.Types { return machine.NewTypes(catalog.Default()) })

// world is a machine, and the plain model of what it should do.
type world struct {
	m      *machine.Machine
	disk   *disk
	events []string // ends of devices, by path below /machine/peripheral

	devices  []*incarnation // all there ever were
	tokens   []*token
	now      time.Duration
	resets   int
	bounced  int // bytes mapped from the processor's memory
	stalled  bool
	problems []string
}

// incarnation is one life of a device.
type incarnation struct {
	id, driver string
	slot       int
	storage    *qom.Storage
	pending    bool
	forever    bool // asked to leave at virtual time 0
	left       bool
	told       bool
	held       int // tokens
	ends       []string
}

// token is something that holds a device.
type token struct {
	d       *incarnation
	others  []*incarnation // of a cache: what else is in the view that it keeps
	kind    string
	end     time.Duration // of a request, virtual time
	resets  int           // how many there had been when a request was made
	mapping *memory.Mapping
	section *memory.Section
	hold    *qom.Hold
}

const mapSize, requestSize = 64, 512

func newWorld(rule string) (*world, error) {
	w := &world{}
	m, err := machine.New(machine.Options{Type: "pc", Lifetime: rule, Clock: machine.SteppedTime, Types: sharedTypes(), Memory: 64 << 20})
	if err != nil {
		return nil, err
	}
	w.m = m
	m.FindDrive = func(string) qdev.Backend {
		return &virtio.NullDisk{ID: "slow", Bytes: 1 << 20, Latency: latency, Clock: m.Env().Clock}
	}
	m.OnViolation = func(v qom.Violation) { w.fail("%v", v) }
	m.OnEvent = func(name string, data any) {
		if d, ok := data.(qdev.Deleted); ok {
			w.events = append(w.events, strings.TrimPrefix(d.Path, "/machine/peripheral/"))
		}
	}
	m.Do(func() {
		if err = m.Build(); err != nil {
			return
		}
		if _, err = qdev.Add(m.Env(), request("virtio-blk-pci", "vb", "drive", "slow", "addr", "5")); err == nil {
			err = m.Ready(true)
		}
	})
	if err != nil {
		m.Close()
		return nil, err
	}
	w.disk = startDisk(w, 5)
	return w, nil
}

func request(driver, id string, pairs ...string) qdev.Request {
	r := qdev.Request{Driver: driver, ID: id, HasID: true, Props: qjson.NewObject(), Text: true}
	for i := 0; i+1 < len(pairs); i += 2 {
		r.Props.Set(pairs[i], pairs[i+1])
	}
	return r
}

func (w *world) fail(format string, args ...any) {
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

func (w *world) out(port uint64, size int, val uint64) {
	w.m.Do(func() { w.m.IOSpace().WriteN(port, size, val) })
}

func (w *world) in(port uint64, size int) (val uint64) {
	w.m.Do(func() { val, _ = w.m.IOSpace().ReadN(port, size) })
	return val
}

func (w *world) write(addr uint64, size int, val uint64) {
	w.m.Do(func() { w.m.MemorySpace().WriteN(addr, size, val) })
}

// bar is where a slot's BAR 0 goes.
func bar(slot int) uint64 { return 0xe0000000 + uint64(slot)<<20 }

// plugged returns the device of an id, nil when there is none in the tree.
func (w *world) plugged(id string) *incarnation {
	for _, d := range w.devices {
		if d.id == id && !d.left {
			return d
		}
	}
	return nil
}

// draining returns the device of an id whose end is not told, nil for none.
func (w *world) draining(id string) *incarnation {
	for _, d := range w.devices {
		if d.id == id && d.left && !d.told {
			return d
		}
	}
	return nil
}

func (w *world) inSlot(slot int) *incarnation {
	for _, d := range w.devices {
		if d.slot == slot && !d.left {
			return d
		}
	}
	return nil
}

// leave is what an eject means for the model.
func (w *world) leave(d *incarnation) { d.left, d.pending = true, false }

// take notes a token on a device.
func (w *world) take(t *token) {
	t.d.held++
	for _, d := range t.others {
		d.held++
	}
	w.tokens = append(w.tokens, t)
}

// drop lets a token go in the model.
func (w *world) drop(t *token) {
	t.d.held--
	for _, d := range t.others {
		d.held--
	}
	for i, x := range w.tokens {
		if x == t {
			w.tokens = append(w.tokens[:i], w.tokens[i+1:]...)
			return
		}
	}
}

// release lets a token go in the machine as well, on this goroutine or another.
func (w *world) release(t *token, async bool) {
	w.drop(t)
	if t.mapping != nil {
		w.bounced -= mapSize
	}
	free := func() {
		switch {
		case t.mapping != nil && async:
			t.mapping.UnmapAsync(mapSize)
		case t.mapping != nil:
			t.mapping.Unmap(mapSize)
		case t.hold != nil && async:
			t.hold.ReleaseAsync()
		case t.hold != nil:
			t.hold.Release()
		default:
			t.section.Release()
		}
	}
	if !async || t.section != nil {
		w.m.Do(free)
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		free()
	}()
	<-done
	w.m.Do(func() {}) // what came off the lock is settled with the lock
}

// check compares the machine with the model after a step.
func (w *world) check(rt *rapid.T) {
	w.m.Do(func() {
		for err := range qom.Check(w.m.Tree()) {
			w.fail("check: %v", err)
		}
	})
	events := w.events
	w.events = nil
	for len(events) > 0 {
		id, _, _ := strings.Cut(events[0], "/")
		d := w.draining(id)
		switch {
		case d == nil:
			w.fail("event %s of a device that is not leaving", events[0])
			events = events[1:]
			continue
		case d.held > 0:
			w.fail("event %s while the device is held %d times", events[0], d.held)
		case len(events) < len(d.ends) || strings.Join(events[:len(d.ends)], " ") != strings.Join(d.ends, " "):
			w.fail("events %v, want %v first", events, d.ends)
		}
		d.told = true
		events = events[min(len(events), len(d.ends)):]
	}
	for _, d := range w.devices {
		if d.left && d.held == 0 && !d.told && !w.stalled {
			w.fail("the end of %s is not told, though nobody holds it", d.id)
		}
		if d.storage.Freed() != d.told {
			w.fail("storage of %s freed %v, its end told %v", d.id, d.storage.Freed(), d.told)
		}
	}
	if len(w.problems) > 0 {
		rt.Fatalf("%s", strings.Join(w.problems, "\n"))
	}
}

// finish lets everything go, and finds that nothing is left.
func (w *world) finish(rt *rapid.T) {
	for len(w.tokens) > 0 {
		t := w.tokens[0]
		if t.kind == "request" {
			w.drop(t)
			continue
		}
		w.release(t, false)
	}
	w.m.Do(func() { w.m.Env().Memory.Reclaimer.Stall(false) })
	w.stalled = false
	w.m.Do(func() { w.m.Step(int64(2 * latency)) })
	w.check(rt)
	w.m.Do(func() {
		if n := len(w.m.Tree().Draining()); n > 0 {
			rt.Fatalf("%d storages still drain in the end", n)
		}
	})
	if leaks := w.m.Close(); len(leaks) > 0 {
		rt.Fatalf("%d storages are left when the machine is gone, the first of %s", len(leaks), leaks[0].TypeName())
	}
	if len(w.problems) > 0 {
		rt.Fatalf("%s", strings.Join(w.problems, "\n"))
	}
}
