package machine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qmp/qjson"
)

// add plugs a device, with text values of properties.
func add(t testing.TB, m *machine.Machine, driver, id string, props ...string) {
	t.Helper()
	r := qdev.Request{Driver: driver, ID: id, HasID: true, Props: qjson.NewObject()}
	for i := 0; i < len(props); i += 2 {
		r.Props.Set(props[i], props[i+1])
	}
	m.Do(func() {
		if _, err := qdev.Add(m.Env(), r); err != nil {
			t.Error(driver, err)
		}
	})
}

// backend returns the virtio device of a plugged function.
func backend(t testing.TB, m *machine.Machine, id string) *virtio.Device {
	t.Helper()
	o, _ := m.Tree().Resolve("/machine/peripheral/"+id+"/virtio-backend", "")
	if o == nil {
		t.Fatalf("no device %s", id)
	}
	return virtio.From(o)
}

// nullNode makes a block node whose requests take a while of virtual time.
func nullNode(t testing.TB, m *machine.Machine, name string, latency time.Duration) {
	t.Helper()
	v, err := qjson.Parse(fmt.Appendf(nil, `{"driver": "null-co", "node-name": "%s", "size": 65536, "latency-ns": %d}`, name, latency))
	if err != nil {
		t.Fatal(err)
	}
	m.Do(func() {
		if err := m.Blocks.Add(v.(*qjson.Object)); err != nil {
			t.Fatal(err)
		}
	})
}

// gone counts the DEVICE_DELETED events with an id from now on.
func gone(m *machine.Machine) *int {
	n := new(int)
	m.OnEvent = func(name string, data any) {
		if d, ok := data.(qdev.Deleted); ok && d.Device != "" {
			*n++
		}
	}
	return n
}

func del(t testing.TB, m *machine.Machine, id string) {
	t.Helper()
	m.Do(func() {
		if err := qdev.Del(m.Env(), id); err != nil {
			t.Error(err)
		}
	})
}

// TestGuestDrivesVirtio: the guest starts each device that it has a driver for,
// again and again, and resets it when it lets it go.
func TestGuestDrivesVirtio(t *testing.T) {
	m := newMachine(t, machine.SteppedTime, guest.Options{})
	nullNode(t, m, "n", 0)
	left := gone(m)
	const ready = 15 // acknowledged, driven, features chosen, ready
	for round := range 2 {
		for i, c := range []struct {
			driver string
			props  []string
			queue  int    // one that is used
			taken  uint64 // of it, by the device
		}{
			{"virtio-blk-pci", []string{"drive", "n"}, 0, 0},
			{"virtio-net-pci", nil, 0, 0},
			{"virtio-scsi-pci", nil, 1, 0},
			{"virtio-serial-pci", nil, 3, 1}, // that the driver is ready
			{"virtio-rng-pci", nil, 0, 1},
			{"virtio-balloon-pci", nil, 0, 0},
			{"virtio-keyboard-pci", nil, 0, 0},
			{"virtio-blk-pci-non-transitional", []string{"drive", "n"}, 0, 0},
		} {
			id := fmt.Sprintf("d%d", i)
			add(t, m, c.driver, id, c.props...)
			d := backend(t, m, id)
			m.Do(func() {
				if got := d.Status(); got != ready {
					t.Errorf("%s: status %#x", c.driver, got)
				}
				if got, _ := d.Queue(c.queue).Counts(); got != c.taken || !d.Queue(c.queue).Live() {
					t.Errorf("%s: the device took %d of queue %d", c.driver, got, c.queue)
				}
			})
			del(t, m, id)
			if want := round*8 + i + 1; *left != want {
				t.Fatalf("%s: %d devices have left, want %d", c.driver, *left, want)
			}
		}
	}
}

// TestGuestWaitsForRequests: the guest has reads under way and does not let the
// disk go before they came back, unless somebody pulls it out.
func TestGuestWaitsForRequests(t *testing.T) {
	const n = 32
	m := newMachine(t, machine.SteppedTime, guest.Options{Temper: guest.Temper{Requests: n}})
	nullNode(t, m, "n", time.Second)
	left := gone(m)
	step := func(d time.Duration) { m.Do(func() { m.Step(int64(d)) }) }
	inFlight := func(want int) {
		t.Helper()
		if got := backend(t, m, "vb").Queue(0).InFlight(); got != want {
			t.Errorf("%d requests in flight, want %d", got, want)
		}
	}
	add(t, m, "virtio-blk-pci", "vb", "drive", "n")
	inFlight(n)
	step(time.Second)
	inFlight(0)
	del(t, m, "vb") // and now they are wanted again
	inFlight(n)
	step(time.Second - 1)
	if *left != 0 {
		t.Error("the guest did not wait")
	}
	step(1)
	if *left != 1 {
		t.Error("the guest still waits")
	}

	add(t, m, "virtio-blk-pci", "vb", "drive", "n")
	storage := backend(t, m, "vb").Storage()
	m.Do(func() {
		l := m.Guest().(*guest.Linux)
		o := l.Options()
		o.Temper.Answer = guest.Surprise
		l.SetOptions(o)
	})
	del(t, m, "vb")
	if o, _ := m.Tree().Resolve("/machine/peripheral/vb", ""); o != nil || storage.Freed() || *left != 1 {
		t.Error("a surprise removal waited, or was over at once")
	}
	step(time.Second)
	if *left != 2 || !storage.Freed() {
		t.Error("the requests ended and the disk did not go")
	}
}

// TestGuestBalloon: the guest gives the memory that the host wants, and takes
// it back.
func TestGuestBalloon(t *testing.T) {
	m := newMachine(t, machine.SteppedTime, guest.Options{})
	add(t, m, "virtio-balloon-pci", "b")
	var changes []uint64
	m.OnEvent = func(_ string, data any) {
		if c, ok := data.(virtio.BalloonChange); ok {
			changes = append(changes, c.Actual)
		}
	}
	for _, size := range []uint64{100 << 20, 64 << 20, 120 << 20} {
		m.Do(func() { virtio.BalloonOf(m.Env()).SetTarget(size) })
	}
	if want := []uint64{100 << 20, 64 << 20, 120 << 20}; !slices.Equal(changes, want) {
		t.Errorf("the guest has %d bytes", changes)
	}
}

// TestGuestOpensConsoles: the guest opens the ports that are consoles.
func TestGuestOpensConsoles(t *testing.T) {
	m := newMachine(t, machine.SteppedTime, guest.Options{})
	add(t, m, "virtio-serial-pci", "s")
	var changes []virtio.PortChange
	m.OnEvent = func(_ string, data any) {
		if c, ok := data.(virtio.PortChange); ok {
			changes = append(changes, c)
		}
	}
	add(t, m, "virtserialport", "p")
	add(t, m, "virtconsole", "c")
	del(t, m, "c")
	if want := []virtio.PortChange{{Open: true, ID: "c"}, {ID: "c"}}; !slices.Equal(changes, want) {
		t.Errorf("ports %v", changes)
	}
}

// TestAskedWhileArriving: a device that is asked to go while the guest is still
// switching it on goes once it is on.
func TestAskedWhileArriving(t *testing.T) {
	m := newMachine(t, machine.SteppedTime, guest.Options{Temper: guest.Temper{PowerOn: time.Second}})
	left := gone(m)
	add(t, m, "i82550", "n")
	del(t, m, "n")
	m.Do(func() { m.Step(int64(time.Second) - 1) })
	if *left != 0 {
		t.Error("it went before it had come")
	}
	m.Do(func() { m.Step(1) })
	if *left != 1 {
		t.Error("the request was lost")
	}
}
