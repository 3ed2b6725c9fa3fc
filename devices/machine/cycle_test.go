package machine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/machine/machinetest"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/qmptest"
)

// newMachine starts a pc with a guest.
func newMachine(t testing.TB, clock machine.ClockMode, o guest.Options) *machine.Machine {
	t.Helper()
	return machinetest.Start(t, machine.Options{Type: "pc", Memory: 128 << 20, Guest: "linux", GuestOptions: o, Clock: clock})
}

func plug(t testing.TB, m *machine.Machine) {
	m.Do(func() {
		r := qdev.Request{Driver: "qemu-xhci", ID: "x0", HasID: true, Props: qjson.NewObject()}
		if _, err := qdev.Add(m.Env(), r); err != nil {
			t.Fatal(err)
		}
	})
}

func unplug(t testing.TB, m *machine.Machine) {
	m.Do(func() {
		if err := qdev.Del(m.Env(), "x0"); err != nil {
			t.Fatal(err)
		}
	})
}

// TestVirtualClock: a clock that runs ahead needs no time for hours, and no step.
func TestVirtualClock(t *testing.T) {
	m := newMachine(t, machine.VirtualTime, guest.Options{Temper: guest.Temper{Delay: 2 * time.Hour, Release: time.Hour}})
	gone := time.Duration(-1)
	m.OnEvent = func(name string, _ any) {
		if name == "DEVICE_DELETED" {
			gone = time.Duration(m.Now())
		}
	}
	plug(t, m)
	unplug(t, m)
	if gone != 3*time.Hour {
		t.Errorf("the device went after %v", gone)
	}
	m.Do(m.Stop)
	m.AfterFunc(time.Second, func() { t.Error("time passed while the machine was stopped") })
	m.Do(func() {})
	if now := time.Duration(m.Now()); now != 3*time.Hour {
		t.Errorf("it is %v", now)
	}
}

// BenchmarkCycle is one plug, acknowledged by the guest, and one unplug, ejected
// by it.
func BenchmarkCycle(b *testing.B) {
	m := newMachine(b, machine.SteppedTime, guest.Options{})
	b.ReportAllocs()
	for b.Loop() {
		plug(b, m)
		unplug(b, m)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cycles/s")
}

// TestGuestPlacesBARs: the guest gives functions their addresses, again and
// again the same, and lets them decode those.
func TestGuestPlacesBARs(t *testing.T) {
	m := newMachine(t, machine.SteppedTime, guest.Options{})
	for range 3 {
		plug(t, m)
		m.Do(func() {
			for _, f := range pci.Query(m.PCIRoots())[0].Devices {
				if f.QdevID != "x0" {
					continue
				}
				at := f.Regions[0].Address
				if at != 0xe0000000 {
					t.Errorf("BAR 0 is at 0x%x", at)
				}
				// The capability registers of xHCI begin with their length.
				if v, _ := m.MemorySpace().ReadN(uint64(at), 1); v != 0x40 {
					t.Errorf("the controller answers 0x%x", v)
				}
			}
		})
		unplug(t, m)
	}
}

// TestGuestScansExpanders: the guest numbers what is on expanders' buses as well,
// and gives it addresses of its own.
func TestGuestScansExpanders(t *testing.T) {
	q := qmptest.Start(t, qmptest.GuestLinux(), qmptest.Args("-machine", "q35", "-nodefaults",
		"-device", "pcie-root-port,id=near,chassis=1", "-device", "edu,id=a,bus=near",
		"-device", "pxb-pcie,id=x,bus_nr=64", "-device", "pcie-root-port,id=far,bus=x,chassis=2", "-device", "edu,id=b,bus=far",
		"-device", "pxb-pcie,id=y,bus_nr=32,bus=pcie.0", "-device", "pcie-root-port,id=other,bus=y,chassis=3", "-device", "edu,id=c,bus=other"))
	type place struct{ bus, at int64 }
	got := map[string]place{}
	q.VM.Machine.Do(func() {
		for _, root := range pci.Query(q.VM.Machine.PCIRoots()) {
			for _, port := range root.Devices {
				if b := port.BridgeInfo; b != nil && b.Devices != nil {
					f := (*b.Devices)[0]
					got[f.QdevID] = place{f.Bus, f.Regions[0].Address}
				}
			}
		}
	})
	want := map[string]place{"a": {1, 0xe0000000}, "c": {33, 0xe0300000}, "b": {65, 0xe0600000}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(place{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestGuestPlacesLargeBARs: what finds no room below 4 GiB gets it above all
// memory, there is and may be, and nothing overlaps.
func TestGuestPlacesLargeBARs(t *testing.T) {
	args := []string{"-nodefaults", "-m", "6G,slots=1,maxmem=8G"}
	for i := range 30 { // of 16 MiB each
		args = append(args, "-object", fmt.Sprintf("memory-backend-ram,id=m%d,size=16M", i),
			"-device", fmt.Sprintf("ivshmem-plain,id=i%d,memdev=m%d", i, i))
	}
	q := qmptest.Start(t, qmptest.GuestLinux(), qmptest.PC(), qmptest.Args(args...))
	above, end := 0, map[bool]int64{}
	q.VM.Machine.Do(func() {
		for _, f := range pci.Query(q.VM.Machine.PCIRoots())[0].Devices {
			for _, r := range f.Regions {
				if r.BAR != 2 {
					continue
				}
				high := r.Address >= 1<<32
				if r.Address < end[high] || r.Address < 0 || high && r.Address < 9<<30 || r.Address%r.Size != 0 {
					t.Errorf("%s: BAR 2 is at %#x", f.QdevID, r.Address)
				}
				if end[high] = r.Address + r.Size; high {
					above++
				}
			}
		}
	})
	if above == 0 || above > 5 {
		t.Errorf("%d BARs are above 4 GiB", above)
	}
}
