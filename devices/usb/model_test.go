package usb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/usb/usbtest"
)

// modelBus is a USB bus as lists of names: what a plug and an unplug do to
// ports, without anything behind it.
type modelBus struct {
	free, used []string
	at         map[string]*modelDevice // by port
	ids        map[string]*modelDevice
}

type modelDevice struct {
	id, port string
	hub      bool
}

func (b *modelBus) claim(d *modelDevice, want string) bool {
	i := 0
	if want != "" {
		if i = slices.Index(b.free, want); i < 0 {
			return false
		}
	} else {
		if len(b.free) == 1 && !d.hub {
			b.plug(&modelDevice{hub: true}, "")
		}
		if len(b.free) == 0 {
			return false
		}
	}
	d.port = b.free[i]
	b.free = slices.Delete(b.free, i, i+1)
	b.used = append(b.used, d.port)
	b.at[d.port] = d
	return true
}

func (b *modelBus) release(d *modelDevice) {
	b.used = slices.DeleteFunc(b.used, func(p string) bool { return p == d.port })
	delete(b.at, d.port)
	b.free = append(b.free, d.port)
}

func (b *modelBus) plug(d *modelDevice, want string) bool {
	if !b.claim(d, want) {
		return false
	}
	if d.hub {
		if strings.Count(d.port, ".") == 5 {
			b.release(d)
			return false
		}
		for i := range 8 {
			b.free = append(b.free, fmt.Sprintf("%s.%d", d.port, i+1))
		}
	}
	if d.id != "" {
		b.ids[d.id] = d
	}
	return true
}

// unplug returns the ids that go, in order; nameless devices count as "-".
func (b *modelBus) unplug(d *modelDevice) (gone []string) {
	if d.hub {
		for i := range 8 {
			port := fmt.Sprintf("%s.%d", d.port, i+1)
			if c := b.at[port]; c != nil {
				gone = append(gone, b.unplug(c)...)
			}
			b.free = slices.DeleteFunc(b.free, func(p string) bool { return p == port })
		}
	}
	b.release(d)
	delete(b.ids, d.id)
	if d.id == "" {
		return append(gone, "-")
	}
	return append(gone, d.id)
}

func (b *modelBus) info() string {
	var s strings.Builder
	for _, p := range b.used {
		d := b.at[p]
		speed, product := "480", "QEMU USB Tablet"
		if strings.Contains(p, ".") {
			speed = "12"
		}
		if d.hub {
			speed, product = "12", "QEMU USB Hub"
		}
		fmt.Fprintf(&s, "  Device 0.0, Port %s, Speed %s Mb/s, Product %s", p, speed, product)
		if d.id != "" {
			fmt.Fprintf(&s, ", ID: %s", d.id)
		}
		s.WriteString("\n")
	}
	return s.String()
}

// Plugging and unplugging in any order, over hubs of hubs, keeps to the model.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := usbtest.NewQuiet(rt)
		defer m.Close()
		m.Add("qemu-xhci", "id", "x", "p2", 3, "p3", 2)
		b := &modelBus{free: []string{"1", "2", "3"}, at: map[string]*modelDevice{}, ids: map[string]*modelDevice{}}
		next := 0
		add := func(rt *rapid.T, driver, port string) {
			next++
			d := &modelDevice{id: fmt.Sprintf("d%d", next), hub: driver == "usb-hub"}
			props := []any{"id", d.id}
			if port != "" {
				props = append(props, "port", port)
			}
			_, err := m.TryAdd(driver, props...)
			if want := b.plug(d, port); want != (err == nil) {
				rt.Fatalf("%s at %q: %v, model says %v", driver, port, err, want)
			}
		}
		ports := func(rt *rapid.T) string {
			list := append(append([]string{"", ""}, b.free...), b.used...)
			return rapid.SampledFrom(list).Draw(rt, "port")
		}
		rt.Repeat(map[string]func(*rapid.T){
			"tablet": func(rt *rapid.T) { add(rt, "usb-tablet", ports(rt)) },
			"hub":    func(rt *rapid.T) { add(rt, "usb-hub", ports(rt)) },
			"unplug": func(rt *rapid.T) {
				if len(b.ids) == 0 {
					rt.Skip("nothing to unplug")
				}
				ids := make([]string, 0, len(b.ids))
				for id := range b.ids {
					ids = append(ids, id)
				}
				slices.Sort(ids)
				id := rapid.SampledFrom(ids).Draw(rt, "id")
				want := b.unplug(b.ids[id])
				m.TakeEvents()
				if err := m.TryDel(id); err != nil {
					rt.Fatal(err)
				}
				var got []string
				for _, e := range m.TakeEvents() {
					words := strings.Fields(e)
					if len(words) == 2 {
						got = append(got, "-")
					} else {
						got = append(got, words[1])
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					rt.Fatalf("events (-want +got):\n%s", diff)
				}
			},
			"": func(rt *rapid.T) {
				if diff := cmp.Diff(b.info(), m.Info()); diff != "" {
					rt.Fatalf("info usb (-want +got):\n%s", diff)
				}
				m.Check()
			},
		})
	})
}

func BenchmarkPlugUnplug(b *testing.B) {
	m := usbtest.New(b)
	m.Add("qemu-xhci", "id", "x")
	b.ReportAllocs()
	for b.Loop() {
		m.Add("usb-tablet", "id", "t")
		m.Del("t")
		m.Events = m.Events[:0]
	}
}

func BenchmarkPlugUnplugController(b *testing.B) {
	m := usbtest.New(b)
	b.ReportAllocs()
	for b.Loop() {
		m.Add("qemu-xhci", "id", "x")
		m.Del("x")
		m.Events = m.Events[:0]
	}
}
