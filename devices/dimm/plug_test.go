package dimm_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/qomd/qomd/qmp/qmptest"
)

// Registers of memory hot-plug, and where modules begin.
const (
	base   = 0xa00
	status = base + 0x08
	flags  = base + 0x14
	first  = uint64(4) << 30
	mib    = uint64(1) << 20
)

type rig struct {
	*qmptest.Machine
	c *qmptest.Client
}

func newRig(t testing.TB, opts ...qmptest.Option) rig {
	m := qmptest.Start(t, append([]qmptest.Option{qmptest.Q35(), qmptest.Args("-m", "128M,slots=3,maxmem=1G")}, opts...)...)
	return rig{m, m.Client()}
}

func (r rig) backend(id string, size uint64) {
	r.c.Must("object-add", qmptest.A{"qom-type": "memory-backend-ram", "id": id, "size": size})
}

func module(id, memdev string, more ...any) qmptest.A {
	a := qmptest.A{"driver": "pc-dimm", "id": id, "memdev": memdev}
	for i := 0; i < len(more); i += 2 {
		a[more[i].(string)] = more[i+1]
	}
	return a
}

// What QEMU 11.1.3 says, and in which order it looks.
func TestErrors(t *testing.T) {
	r := newRig(t)
	r.backend("a", 128*mib)
	r.backend("b", 128*mib)
	r.backend("odd", 2*mib+4096)
	r.c.Must("device_add", module("da", "a", "addr", first+512*mib))
	for _, c := range []struct {
		add  qmptest.A
		want string
	}{
		{module("x", "a", "addr", 4097, "slot", 5), "invalid slot number 5, valid range is [0-2]"},
		{module("x", "a", "addr", 4097), "address must be aligned to 0x200000 bytes"},
		{module("x", "odd", "addr", 4097), "backend memory size must be multiple of 0x200000"},
		{module("x", "a"), "can't use already busy memdev: a"},
		{module("x", "b", "slot", 0, "node", 3), "slot 0 is busy"},
		{module("x", "b", "node", 3), "'DIMM property node has value 3' which exceeds the number of numa nodes: 1"},
		{module("x", "b", "addr", first+510*mib), "address range conflicts with memory device id='da'"},
		{module("x", "b", "addr", first-2*mib), "can't add memory device [0xffe00000:0x8000000], usable range for memory devices [0x100000000:0xf8000000]"},
		{module("x", "b", "addr", ^uint64(0)-2*mib+1), "can't add memory device [0xffffffffffe00000:0x8000000], usable range for memory devices [0x100000000:0xf8000000]"},
	} {
		if got := r.c.MustFail("device_add", c.add); got != c.want {
			t.Errorf("%v: %s, want %s", c.add, got, c.want)
		}
	}
	if got, want := r.c.MustFail("object-del", qmptest.A{"id": "a"}), "Cannot delete host memory backend 'a' which is mapped"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A guest that acknowledges; the backend is free afterwards, and what was
// written to the module is in it.
func TestGuest(t *testing.T) {
	r := newRig(t)
	r.backend("a", 128*mib)
	r.c.Must("device_add", module("da", "a"))
	r.Acknowledge()
	r.VM.Machine.Do(func() { r.VM.Machine.MemorySpace().WriteN(first+8, 8, 0x1122334455667788) })
	r.c.Must("device_del", qmptest.A{"id": "da"})
	r.Acknowledge()
	want := []string{
		`ACPI_DEVICE_OST {"info": {"device": "da", "source": 1, "status": 0, "slot": "0", "slot-type": "DIMM"}}`,
		`ACPI_DEVICE_OST {"info": {"source": 3, "status": 0, "slot": "0", "slot-type": "DIMM"}}`,
		`DEVICE_DELETED {"device": "da", "path": "/machine/peripheral/da"}`,
	}
	got := []string{}
	for _, e := range r.c.Events() {
		got = append(got, e.String())
	}
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	r.c.Must("device_add", module("db", "a", "slot", 2, "addr", first+128*mib))
	r.VM.Machine.Do(func() {
		if v, _ := r.VM.Machine.MemorySpace().ReadN(first+128*mib+8, 8); v != 0x1122334455667788 {
			t.Errorf("read 0x%x", v)
		}
	})
	r.c.Must("device_del", qmptest.A{"id": "db"})
	r.Acknowledge()
	r.c.Must("object-del", qmptest.A{"id": "a"})
}

// NVDIMMs need to be allowed, have no slot of the registers, and cannot be
// asked to go.
func TestNVDIMM(t *testing.T) {
	r := newRig(t, qmptest.Args("-machine", "nvdimm=on"), qmptest.GuestNone())
	r.backend("a", 128*mib)
	r.c.Must("device_add", qmptest.A{"driver": "nvdimm", "id": "nv", "memdev": "a", "label-size": 2 * mib})
	if got, want := r.c.MustFail("device_del", qmptest.A{"id": "nv"}), "nvdimm device hot unplug is not supported yet."; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	r.Out(base, 4, 0)
	if got := r.In(flags, 1); got != 0 {
		t.Errorf("flags 0x%x", got)
	}
	var size struct {
		Plugged uint64 `json:"plugged-memory"`
	}
	r.c.Must("query-memory-size-summary", nil, &size)
	if size.Plugged != 126*mib {
		t.Errorf("%d MiB plugged", size.Plugged/mib)
	}
}

// What a guest has left, which the balloon tells, grows with a module and not with
// one that keeps its content.
func TestBalloonCountsModules(t *testing.T) {
	r := newRig(t, qmptest.Args("-machine", "nvdimm=on"), qmptest.Device("virtio-balloon-pci"), qmptest.GuestNone())
	left := func(want uint64) {
		t.Helper()
		var info struct{ Actual uint64 }
		if r.c.Must("query-balloon", nil, &info); info.Actual != want*mib {
			t.Errorf("%d MiB are left, want %d", info.Actual/mib, want)
		}
	}
	left(128)
	for _, id := range []string{"a", "b"} {
		r.backend(id, 128*mib)
	}
	r.c.Must("device_add", qmptest.A{"driver": "pc-dimm", "id": "m", "memdev": "a"})
	left(256)
	r.c.Must("device_add", qmptest.A{"driver": "nvdimm", "id": "nv", "memdev": "b"})
	left(256)
}

// Whatever a user asks for and a guest does, in any order: modules do not
// overlap, what is plugged is what is told, and no rule of lifetime is broken.
func TestRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, qmptest.GuestNone())
		var in [3]bool // by backend
		for i := range in {
			r.backend(fmt.Sprintf("m%d", i), uint64(i+1)*64*mib)
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			i := rapid.IntRange(0, 2).Draw(rt, "module")
			id := fmt.Sprintf("d%d", i)
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0, 1:
				a := module(id, fmt.Sprintf("m%d", i))
				if rapid.Bool().Draw(rt, "addressed") {
					a["addr"] = first + 64*mib*rapid.Uint64Range(0, 12).Draw(rt, "address")
				}
				if _, err := r.c.Execute("device_add", a); err == nil {
					if in[i] {
						rt.Fatalf("%s plugged twice", id)
					}
					in[i] = true
				}
			case 2:
				if _, err := r.c.Execute("device_del", qmptest.A{"id": id}); (err == nil) != in[i] {
					rt.Fatalf("%s there: %t; asked to go: %v", id, in[i], err)
				}
			case 3, 4:
				r.Out(base, 4, uint64(i))
				r.Out(flags, 1, 8)
			case 5:
				r.c.Must("system_reset", nil)
			case 6:
				r.Out(base, 4, uint64(i))
				r.Out(status, 4, rapid.Uint64Range(0, 255).Draw(rt, "status"))
				r.Out(flags, 1, rapid.SampledFrom([]uint64{2, 4}).Draw(rt, "control"))
			}
			in = r.told(rt)
			r.Check()
		}
	})
}

// told asks for the modules, checks them against each other and against the
// backends, and returns which are there.
func (r rig) told(t *rapid.T) (in [3]bool) {
	var list []struct {
		Data struct {
			ID         string
			Addr, Size uint64
			Memdev     string
		}
	}
	r.c.Must("query-memory-devices", nil, &list)
	end := first
	for _, m := range list {
		d := m.Data
		if d.Addr < end || d.Addr%(2*mib) != 0 {
			t.Fatalf("%s is at 0x%x, the one before ends at 0x%x", d.ID, d.Addr, end)
		}
		end = d.Addr + d.Size
		in[d.ID[1]-'0'] = true
	}
	var count int
	for _, there := range in {
		if there {
			count++
		}
	}
	if count != len(list) {
		t.Fatalf("told %+v", list)
	}
	return in
}
