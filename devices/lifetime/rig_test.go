package lifetime_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qmptest"
	"github.com/qomd/qomd/qom"
)

// Ports of ACPI hot-plug of the two machines.
const (
	pcHotplug  = 0xae00
	q35Hotplug = 0xcc0
)

// rig is a machine whose guest is the test: it touches registers, and nobody
// else does.
type rig struct {
	t testing.TB
	*qmptest.Machine
	c *qmptest.Client
}

func newRig(t testing.TB, opts ...qmptest.Option) *rig {
	t.Helper()
	m := qmptest.Start(t, append(opts, qmptest.GuestNone())...)
	return &rig{t, m, m.Client()}
}

// slow is the option for a disk whose requests take two seconds.
func slow() qmptest.Option {
	return qmptest.Args("-blockdev", `{"driver": "null-co", "node-name": "slow", "size": 1048576, "latency-ns": 2000000000}`)
}

// do runs f under the machine's lock.
func (r *rig) do(f func()) { r.VM.Machine.Do(f) }

func (r *rig) out(port uint64, size int, val uint64) { r.Out(port, size, val) }

func (r *rig) in(port uint64, size int) uint64 { return r.In(port, size) }

func (r *rig) write(addr uint64, size int, val uint64) {
	r.do(func() { r.VM.Machine.MemorySpace().WriteN(addr, size, val) })
}

func (r *rig) read(addr uint64, size int) (val uint64, res memory.Result) {
	r.do(func() { val, res = r.VM.Machine.MemorySpace().ReadN(addr, size) })
	return val, res
}

// config writes configuration space of a function of bus 0 and others.
func (r *rig) config(bus, slot, reg, size int, val uint64) { configure(r, bus, slot, reg, size, val) }

func (r *rig) readConfig(bus, slot, reg, size int) uint64 {
	r.out(0xcf8, 4, uint64(0x80000000|bus<<16|slot<<11|reg&^3))
	return r.in(0xcfc+uint64(reg&3), size)
}

// place is placeBAR.
func (r *rig) place(slot int, addr uint64) { placeBAR(r, slot, addr) }

// newDisk starts the disk in a slot.
func (r *rig) newDisk(slot int) *disk { return startDisk(r, slot) }

// eject is what the guest does when it lets a slot of pci.0 go.
func (r *rig) eject(slot int) {
	r.out(pcHotplug+0x10, 4, 0)
	r.out(pcHotplug+8, 4, 1<<slot)
}

func (r *rig) add(driver, id string, pairs ...any) {
	r.t.Helper()
	r.c.Must("device_add", args(driver, id, pairs))
}

func args(driver, id string, pairs []any) qmptest.A {
	a := qmptest.A{"driver": driver}
	if id != "" {
		a["id"] = id
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		a[pairs[i].(string)] = pairs[i+1]
	}
	return a
}

// del is device_del; want is the error, empty for none.
func (r *rig) del(id, want string) {
	r.t.Helper()
	_, err := r.c.Execute("device_del", qmptest.A{"id": id})
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		r.t.Errorf("device_del %s: %q, want %q", id, got, want)
	}
}

// events returns what came since the last time: "id path", or the path alone of
// a device without an id, and the name of other events.
func (r *rig) events() []string {
	r.t.Helper()
	var list []string
	for _, e := range r.c.Events() {
		text := e.Name
		if text == "DEVICE_DELETED" {
			text = strings.TrimSpace(e.Member("device") + " " + e.Member("path"))
		}
		list = append(list, strings.ReplaceAll(text, "/machine/peripheral", ""))
	}
	return list
}

func (r *rig) wantEvents(want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.events()); diff != "" {
		r.t.Errorf("events (-want +got):\n%s", diff)
	}
}

// object looks up an object, which must be there.
func (r *rig) object(path string) (o *qom.Object) {
	r.t.Helper()
	r.do(func() { o, _ = r.VM.Machine.Tree().Resolve(path, "") })
	if o == nil {
		r.t.Fatalf("nothing at %s", path)
	}
	return o
}

func (r *rig) gate(path string) *memory.Gate {
	r.t.Helper()
	return qdev.From(r.object(path)).Gate()
}

// holders lists who holds an object of a draining storage, by kind.
func holders(o *qom.Object) []string {
	var list []string
	for _, h := range o.Holds() {
		list = append(list, h.Kind().String()+": "+h.Who())
	}
	return list
}

// refs is what the monitor's "info refs" prints, with ages left away.
func (r *rig) refs() string {
	r.t.Helper()
	var text string
	r.c.Must("human-monitor-command", qmptest.A{"command-line": "info refs"}, &text)
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(text, "\r\n", "\n")) {
		if i := strings.LastIndex(line, ", "); i >= 0 && (strings.HasSuffix(line, "s\n")) && !strings.Contains(line[i:], " b") {
			line = line[:i] + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// storage is the record of an object's allocation.
func (r *rig) storage(path string) *qom.Storage { return r.object(path).Storage() }

// tick moves virtual time off 0, where a request to leave never expires.
func (r *rig) tick() { r.Step(time.Millisecond) }

// number reads a member of an event's data that is a number.
func number(t testing.TB, e qmptest.Event, name string) float64 {
	t.Helper()
	var data map[string]any
	if err := json.Unmarshal(e.Data, &data); err != nil {
		t.Fatal(err)
	}
	n, _ := data[name].(float64)
	return n
}
