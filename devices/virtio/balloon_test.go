package virtio_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// The driver's statistics can be read, and are asked for as often as somebody
// wants; a buffer that the device keeps holds it, and comes back when the driver
// is asked.
func TestBalloonStatistics(t *testing.T) {
	both(t, func(t *testing.T, modern bool) {
		r := newRig(t)
		dev := r.must(r.add(`{"driver": "virtio-balloon-pci", "id": "b"}`))
		const path = "/machine/peripheral/b"
		type stats struct {
			Stats map[string]uint64 `json:"stats"`
			Last  int64             `json:"last-update"`
		}
		read := func() (s stats) {
			t.Helper()
			if err := json.Unmarshal(qjson.Append(nil, r.get(path, "guest-stats"), false), &s); err != nil {
				t.Fatal(err)
			}
			return s
		}
		poll := func(v any) string { return text(dev.Set("guest-stats-polling-interval", qom.Value(v))) }

		if s := read(); len(s.Stats) != 16 || s.Stats["stat-free-memory"] != ^uint64(0) || s.Last != 0 {
			t.Errorf("before the driver: %v", s)
		}
		d := newDriver(r, dev, modern)
		d.start(3, 0)
		q := d.queues[2]
		tell := func(tag uint16, value uint64) {
			r.mem.WriteN(dataBase, 2, uint64(tag))
			r.mem.WriteN(dataBase+2, 8, value)
			r.mem.WriteN(dataBase+10, 2, 99) // nobody knows what that is
			q.offer(buf{dataBase, 20, false})
			q.kick()
		}
		tell(4, 12345)
		if s := read(); s.Stats["stat-free-memory"] != 12345 || s.Stats["stat-swap-in"] != ^uint64(0) || s.Last == 0 {
			t.Errorf("after a buffer: %v", s)
		}
		got := []string{poll(int64(-1)), poll(int64(1) << 32), poll("x"), poll(int64(2))}
		if want := []string{"timer value must be greater than zero", "timer value is too big",
			"Invalid parameter type for 'guest-stats-polling-interval', expected: integer", ""}; !cmp.Equal(got, want) {
			t.Errorf("intervals: %q", got)
		}
		back := func() int { return len(q.completed()) }
		r.clock.advance(0)
		if n := back(); n != 1 {
			t.Errorf("%d buffers came back at once", n)
		}
		tell(0, 7)
		r.clock.advance(time.Second)
		if n := back(); n != 0 {
			t.Errorf("%d buffers came back after one second", n)
		}
		r.clock.advance(time.Second)
		if n := back(); n != 1 {
			t.Errorf("%d buffers came back after two seconds", n)
		}
		tell(0, 8)
		tell(0, 9) // the first goes back, the second stays
		if n := back(); n != 1 || read().Stats["stat-swap-in"] != 9 {
			t.Errorf("%d buffers came back for a second one, %v", n, read())
		}
		if got := r.del("b"); !cmp.Equal(got, []string{path + "/virtio-backend", "b " + path}) {
			t.Errorf("events %q", got)
		}
	})
}
