package cpu_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/qomd/qomd/qmp/qmptest"
)

// Registers of CPU hot-plug on q35.
const (
	base    = 0xcd8
	flags   = base + 4
	command = base + 5
	data    = base + 8
)

type rig struct {
	*qmptest.Machine
	c *qmptest.Client
}

func newRig(t testing.TB, opts ...qmptest.Option) rig {
	m := qmptest.Start(t, append([]qmptest.Option{qmptest.Q35(), qmptest.Args("-smp", "1,sockets=2,cores=2,maxcpus=4")}, opts...)...)
	return rig{m, m.Client()}
}

func place(id string, socket, core int) qmptest.A {
	return qmptest.A{"driver": "qemu64-x86_64-cpu", "id": id, "socket-id": socket, "core-id": core, "thread-id": 0}
}

func lines(list []qmptest.Event) []string {
	out := []string{}
	for _, e := range list {
		out = append(out, e.String())
	}
	return out
}

// A guest that acknowledges: the reports it makes, and the order of the end.
func TestGuest(t *testing.T) {
	r := newRig(t)
	r.c.Must("device_add", place("c1", 0, 1))
	r.Acknowledge()
	r.c.Must("device_del", qmptest.A{"id": "c1"})
	r.Acknowledge()
	want := []string{
		`ACPI_DEVICE_OST {"info": {"device": "c1", "source": 1, "status": 0, "slot": "1", "slot-type": "CPU"}}`,
		`DEVICE_DELETED {"path": "/machine/peripheral/c1/lapic"}`,
		`ACPI_DEVICE_OST {"info": {"source": 3, "status": 0, "slot": "1", "slot-type": "CPU"}}`,
		`DEVICE_DELETED {"device": "c1", "path": "/machine/peripheral/c1"}`,
	}
	got := lines(r.c.Events())
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	r.c.Must("device_add", place("c1", 0, 1))
}

// The commands of the registers: the next slot with an event, and APIC ids.
func TestCommands(t *testing.T) {
	r := newRig(t, qmptest.GuestNone())
	r.c.Must("device_add", place("c3", 1, 1))
	r.Out(base, 4, 0)
	r.Out(command, 1, 0)
	if got := r.In(data, 4); got != 3 {
		t.Errorf("the next slot is %d, want 3", got)
	}
	r.Out(command, 1, 3)
	if got := r.In(data, 4); got != 3 {
		t.Errorf("its APIC id is %d, want 3", got)
	}
	r.Out(command, 1, 9) // there is none; the one before stays
	r.Out(flags, 1, 1<<4)
	if got := r.In(flags, 1); got != 0x13 {
		t.Errorf("flags 0x%x, want 0x13", got)
	}
	r.Out(base, 4, 77)
	if got := r.In(flags, 1) | r.In(data, 4); got != 0 {
		t.Errorf("slot 77 answers 0x%x", got)
	}
}

// Features that come with -cpu count for processors that come later, too.
func TestFeatures(t *testing.T) {
	r := newRig(t, qmptest.Args("-cpu", "Nehalem,+avx,-sse4.2,phys-bits=42,model-id=hello"))
	r.c.Must("device_add", qmptest.A{"driver": "Nehalem-x86_64-cpu", "id": "c", "socket-id": 0, "core-id": 1, "thread-id": 0})
	for name, want := range map[string]string{
		"avx": "true", "sse4.2": "false", "sse4-2": "false", "sse4_2": "false", "ssse3": "true",
		"phys-bits": "42", "model-id": `"hello"`, "family": "6", "node-id": "-1", "vendor": `"GenuineIntel"`,
	} {
		for _, path := range []string{"/machine/unattached/device[0]", "c"} {
			var got json.RawMessage
			r.c.Must("qom-get", qmptest.A{"path": path, "property": name}, &got)
			if string(got) != want {
				t.Errorf("%s of %s is %s, want %s", name, path, got, want)
			}
		}
	}
}

// Whatever a user asks for and a guest does, in any order: processors that
// QEMU would have are there, and no rule of lifetime is broken.
func TestRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, qmptest.GuestNone())
		present := [4]bool{0: true}
		slot := rapid.IntRange(1, 3)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			i := slot.Draw(rt, "slot")
			id := fmt.Sprintf("c%d", i)
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0, 1:
				_, err := r.c.Execute("device_add", place(id, i/2, i%2))
				if (err == nil) == present[i] {
					rt.Fatalf("slot %d, taken: %t; added: %v", i, present[i], err)
				}
				present[i] = true
			case 2:
				if _, err := r.c.Execute("device_del", qmptest.A{"id": id}); (err == nil) != present[i] {
					rt.Fatalf("slot %d, taken: %t; asked to go: %v", i, present[i], err)
				}
			case 3, 4:
				r.Out(base, 4, uint64(i))
				r.Out(flags, 1, 8)
				present[i] = false
			case 5:
				r.c.Must("system_reset", nil)
			case 6:
				r.Out(base, 4, uint64(i))
				r.Out(command, 1, 2)
				r.Out(data, 4, rapid.Uint64Range(0, 255).Draw(rt, "status"))
				r.Out(flags, 1, rapid.SampledFrom([]uint64{2, 4, 16}).Draw(rt, "control"))
			}
			for j := range present {
				r.Out(base, 4, uint64(j))
				if got := r.In(flags, 1)&1 == 1; got != present[j] {
					rt.Fatalf("slot %d shows %t, want %t", j, got, present[j])
				}
			}
			var cpus []struct{}
			r.c.Must("query-cpus-fast", nil, &cpus)
			n := 0
			for _, p := range present {
				if p {
					n++
				}
			}
			if len(cpus) != n {
				rt.Fatalf("%d processors told, want %d", len(cpus), n)
			}
			r.Check()
		}
	})
}
