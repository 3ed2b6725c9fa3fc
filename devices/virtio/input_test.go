package virtio_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/input"
)

// What a user does is in the driver's buffers, one event of Linux in each, and
// all of it or nothing.
func TestInputEvents(t *testing.T) {
	r := newRig(t)
	start := func(typ string) *ring {
		d := newDriver(r, r.must(r.add(fmt.Sprintf(`{"driver": "virtio-%s-pci", "id": "%s"}`, typ, typ))), true)
		d.start(2, 0)
		return d.queues[0]
	}
	// got returns the events in the buffers that came back; room offers some.
	got := func(q *ring) (list []string) {
		for _, c := range q.completed() {
			var p [8]byte
			r.mem.Read(dataBase+8*uint64(c.head), p[:])
			le := binary.LittleEndian
			list = append(list, fmt.Sprintf("%x %x %d, %d bytes", le.Uint16(p[:]), le.Uint16(p[2:]), int32(le.Uint32(p[4:])), c.len))
		}
		return list
	}
	room := func(q *ring, n int) {
		for range n {
			q.offer(buf{addr: dataBase + 8*uint64(q.next), len: 8, write: true})
		}
		q.kick()
	}
	panel := &r.env.Input
	for _, c := range []struct {
		typ    string
		events []input.Event
		want   []string
	}{
		{"keyboard", []input.Event{{Kind: input.Key, Key: "a", Down: true}, {Kind: input.Key, Key: "ac_home"}},
			[]string{"1 1e 1, 8 bytes", "1 ac 0, 8 bytes", "0 0 0, 8 bytes"}},
		{"mouse", []input.Event{
			{Kind: input.Relative, Axis: "y", Value: -7}, {Kind: input.Button, Button: input.WheelDown, Down: true},
			{Kind: input.Button, Button: input.Extra, Down: true},
		}, []string{"2 1 -7, 8 bytes", "2 8 -1, 8 bytes", "1 114 1, 8 bytes", "0 0 0, 8 bytes"}},
		{"tablet", []input.Event{{Kind: input.Absolute, Axis: "x", Value: 0x7fff}}, []string{"3 0 32767, 8 bytes", "0 0 0, 8 bytes"}},
		{"multitouch", []input.Event{
			{Kind: input.Touch, Touch: "begin", Slot: 2, Tracking: 5}, {Kind: input.Touch, Touch: "data", Axis: "y", Value: 9},
		}, []string{"3 2f 2, 8 bytes", "3 39 5, 8 bytes", "3 36 9, 8 bytes", "0 0 0, 8 bytes"}},
	} {
		q := start(c.typ)
		room(q, len(c.want)-1)
		panel.Send(c.events...)
		if list := got(q); list != nil {
			t.Errorf("%s, without room: %q", c.typ, list)
		}
		room(q, 1)
		panel.Send(c.events...)
		if diff := cmp.Diff(c.want, got(q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.typ, diff)
		}
		q.d.setStatus(0)
		r.del(c.typ)
		if panel.Has(c.events[0].Kind) {
			t.Errorf("%s is still there", c.typ)
		}
	}
}

// The pointing device that a driver has begun to use last is the one in use,
// until it is reset.
func TestInputInUse(t *testing.T) {
	r := newRig(t)
	r.must(r.add(`{"driver": "virtio-mouse-pci", "id": "m"}`))
	tablet := newDriver(r, r.must(r.add(`{"driver": "virtio-tablet-pci", "id": "t"}`)), true)
	mouse := input.Mouse{Name: "QEMU Virtio Mouse", Index: 1}
	other := input.Mouse{Name: "QEMU Virtio Tablet", Index: 2, Absolute: true}
	used := func(m input.Mouse) input.Mouse { m.Current = true; return m }
	check := func(when string, want ...input.Mouse) {
		t.Helper()
		if diff := cmp.Diff(want, r.env.Input.Mice()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	check("at first", other, used(mouse))
	tablet.start(2, 0)
	check("with a driver", mouse, used(other))
	tablet.setStatus(0)
	check("without it", other, used(mouse))
	if err := r.env.Input.Choose(2); err != nil {
		t.Fatal(err)
	}
	check("chosen", mouse, used(other))
}
