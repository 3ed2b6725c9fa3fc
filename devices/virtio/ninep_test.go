//go:build linux

package virtio_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qmp/qjson"
)

// ninep is a driver of a shared folder.
type ninep struct {
	*driver
	dev *qdev.Device
}

func newNineP(r *rig, modern bool) ninep {
	r.t.Helper()
	dev := r.must(r.add(`{"driver": "virtio-9p-pci", "id": "fs", "fsdev": "a", "mount_tag": "tag"}`))
	d := ninep{newDriver(r, dev, modern), dev}
	d.start(1, 0)
	return d
}

func (d ninep) model() *virtio.NineP { return d.dev.Child("virtio-backend").Self().(*virtio.NineP) }

// ask sends a message: its type, and parts as encoding/binary writes them.
func (d ninep) ask(room int, kind byte, parts ...any) {
	p := []byte{0, 0, 0, 0, kind, 7, 0}
	for _, part := range parts {
		if s, ok := part.(string); ok {
			p = append(binary.LittleEndian.AppendUint16(p, uint16(len(s))), s...)
			continue
		}
		p, _ = binary.Append(p, binary.LittleEndian, part)
	}
	binary.LittleEndian.PutUint32(p, uint32(len(p)))
	q := d.queues[0]
	d.r.mem.Write(dataBase, p)
	q.offer(buf{dataBase, len(p), false}, buf{dataBase + 0x10000, room, true})
	q.kick()
}

// hear waits for the answer.
func (d ninep) hear() []byte {
	d.t.Helper()
	(<-d.r.back)()
	list := d.queues[0].completed()
	if len(list) != 1 {
		d.t.Fatalf("%d answers", len(list))
	}
	p := make([]byte, list[0].len)
	d.r.mem.Read(dataBase+0x10000, p)
	return p
}

// mount brings the root to fid 1.
func (d ninep) mount() {
	d.t.Helper()
	d.ask(8192, 100, uint32(8192), "9P2000.L")
	if p := d.hear(); !bytes.HasSuffix(p, []byte("9P2000.L")) || p[4] != 101 || p[5] != 7 {
		d.t.Fatalf("version: %x", p)
	}
	d.ask(8192, 104, uint32(1), ^uint32(0), "root", "", ^uint32(0))
	if p := d.hear(); p[4] != 105 {
		d.t.Fatalf("attach: %x", p)
	}
}

// A driver reads and writes files of the host. While it has the folder mounted
// the machine does not migrate.
func TestNinePFiles(t *testing.T) {
	both(t, func(t *testing.T, modern bool) {
		r := newRig(t)
		dir := r.share()
		d := newNineP(r, modern)
		if s := d.model().MigrationBlocker(); s != "" {
			t.Errorf("blocked: %s", s)
		}
		d.mount()
		want := "Migration is disabled when VirtFS export path '" + dir + "' is mounted in the guest using mount_tag 'tag'"
		if s := d.model().MigrationBlocker(); s != want {
			t.Errorf("blocked: %q", s)
		}
		d.ask(100, 110, uint32(1), uint32(2), uint16(0))
		d.hear()
		d.ask(100, 14, uint32(2), "file", uint32(2), uint32(0o640), uint32(os.Getgid()))
		if p := d.hear(); p[4] != 15 {
			t.Fatalf("create: %x", p)
		}
		d.ask(100, 118, uint32(2), uint64(0), uint32(5), [5]byte{'h', 'e', 'l', 'l', 'o'})
		d.hear()
		d.ask(100, 116, uint32(2), uint64(1), uint32(50))
		if p := d.hear(); string(p[11:]) != "ello" {
			t.Errorf("read: %x", p)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "file")); string(got) != "hello" || err != nil {
			t.Errorf("on the host: %q, %v", got, err)
		}
		d.ask(100, 120, uint32(1))
		d.hear()
		if s := d.model().MigrationBlocker(); s != "" {
			t.Errorf("blocked: %s", s)
		}
	})
}

// What a driver does not get to hear any more holds the device until it is done,
// and leaves nothing open; after a reset another one begins anew.
func TestNinePInFlight(t *testing.T) {
	r := newRig(t)
	r.share()
	d := newNineP(r, true)
	d.mount()
	d.ask(100, 110, uint32(1), uint32(2), uint16(0))
	d.start(1, 0) // resets
	if s := d.model().MigrationBlocker(); s != "" {
		t.Errorf("blocked after a reset: %s", s)
	}
	d.ask(100, 24, uint32(1), uint64(0x7ff))
	(<-r.back)() // the walk from before
	if p := d.hear(); p[4] != 107 {
		t.Errorf("fids outlive a reset: %x", p)
	}
	d.mount()
	d.ask(100, 110, uint32(1), uint32(2), uint16(0))
	if events := r.del("fs"); events != nil {
		t.Errorf("gone with a message in flight: %q", events)
	}
	(<-r.back)()
	want := []string{"/machine/peripheral/fs/virtio-backend", "fs /machine/peripheral/fs"}
	if diff := cmp.Diff(want, r.settle()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Messages that the protocol does not know break the device.
func TestNinePBroken(t *testing.T) {
	for name, spoil := range map[string]func(d ninep){
		"no room": func(d ninep) { d.ask(6, 120, uint32(1)) },
		"cut off": func(d ninep) { d.ask(100, 110, uint32(1)); (<-d.r.back)() },
		"no header": func(d ninep) {
			d.queues[0].offer(buf{dataBase, 6, false}, buf{dataBase + 64, 64, true})
			d.queues[0].kick()
		},
		"small room": func(d ninep) { d.ask(50, 24, uint32(1), uint64(1)); (<-d.r.back)() },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.share()
			d := newNineP(r, true)
			d.mount()
			spoil(d)
			if d.status()&virtio.StatusNeedsReset == 0 {
				t.Fatalf("status %#x", d.status())
			}
			d.start(1, 0)
			d.mount()
		})
	}
}

// Limits hold messages back in virtual time, and unplugging does not wait for it.
func TestNinePThrottled(t *testing.T) {
	r := newRig(t)
	dir := r.share(qjson.Member{Name: "throttling.bps-read", Value: "10"})
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte(strings.Repeat("x", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newNineP(r, true)
	d.mount()
	d.ask(100, 110, uint32(1), uint32(2), uint16(1), "f")
	d.hear()
	d.ask(100, 12, uint32(2), uint32(0))
	d.hear()
	read := func() { d.ask(200, 116, uint32(2), uint64(0), uint32(100)) }
	read()
	d.hear() // the first is free
	read()
	r.clock.advance(time.Second)
	if len(d.queues[0].completed()) != 0 {
		t.Error("100 bytes in a second, at 10 a second")
	}
	r.clock.advance(9 * time.Second)
	if p := d.hear(); len(p) != 111 {
		t.Errorf("%d bytes", len(p))
	}
	read()
	if events := r.del("fs"); len(events) != 2 {
		t.Errorf("events %q", events)
	}
}
