package virtio_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/scsi"
)

// scsiGuest is a driver of virtio-scsi with a disk, hd, at target 0.
type scsiGuest struct {
	r    *rig
	d    *driver
	disk *memDisk
	n    int
}

func newSCSIGuest(t *testing.T, latency time.Duration) *scsiGuest {
	r := newRig(t)
	g := &scsiGuest{r: r, disk: r.disk("d0", 1<<20, latency)}
	g.d = newDriver(r, r.must(r.add(`{"driver": "virtio-scsi-pci", "id": "scsi"}`)), true)
	r.must(r.add(`{"driver": "scsi-hd", "id": "hd", "drive": "d0"}`))
	g.d.start(3, 0)
	g.response(g.command(1, nil, 0x00, 0, 0, 0, 0, 0)) // the unit attention
	return g
}

// command offers a command with a tag; with out it has that to write, otherwise
// room for a block. It returns which it was.
func (g *scsiGuest) command(tag uint64, out []byte, cdb ...byte) int {
	at := uint64(dataBase + g.n*0x4000)
	head := make([]byte, 51)
	head[0], head[2] = 1, 0x40
	binary.LittleEndian.PutUint64(head[8:], tag)
	copy(head[19:], cdb)
	g.r.mem.Write(at, head)
	g.r.mem.Write(at+0x1000, bytes.Repeat([]byte{0xee}, 108))
	chain := []buf{{at, 51, false}}
	if out != nil {
		g.r.mem.Write(at+0x2000, out)
		chain = append(chain, buf{at + 0x2000, len(out), false}, buf{at + 0x1000, 108, true})
	} else {
		chain = append(chain, buf{at + 0x1000, 108, true}, buf{at + 0x2000, 512, true})
	}
	g.d.queues[2].offer(chain...)
	g.d.queues[2].kick()
	g.n++
	return g.n - 1
}

// response returns what the command was answered, all 0xee without an answer.
func (g *scsiGuest) response(n int) (status, response byte, sense scsi.Sense) {
	resp := make([]byte, 108)
	g.r.mem.Read(uint64(dataBase+n*0x4000+0x1000), resp)
	return resp[10], resp[11], scsi.Sense{Key: resp[12+2] & 15, Code: resp[12+12], Qualifier: resp[12+13]}
}

// task asks for a task management function and returns where its answer is.
func (g *scsiGuest) task(function uint32, tag uint64) (answer func() byte) {
	at := uint64(dataBase + g.n*0x4000)
	g.n++
	head := make([]byte, 24)
	binary.LittleEndian.PutUint32(head[4:], function)
	head[8], head[10] = 1, 0x40
	binary.LittleEndian.PutUint64(head[16:], tag)
	g.r.mem.Write(at, head)
	g.r.mem.WriteN(at+0x100, 1, 0xee)
	g.d.queues[0].offer(buf{at, 24, false}, buf{at + 0x100, 1, true})
	g.d.queues[0].kick()
	return func() byte {
		v, _ := g.r.mem.ReadN(at+0x100, 1)
		return byte(v)
	}
}

const unanswered = 0xee

var (
	scsiRead  = []byte{0x28, 0, 0, 0, 0, 3, 0, 0, 1, 0} // block 3
	scsiWrite = []byte{0x2a, 0, 0, 0, 0, 3, 0, 0, 1, 0}
	scsiFlush = []byte{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}
)

// Commands are answered when the drive has answered, and meanwhile are entries
// in the ledger of the disk.
func TestSCSIInFlight(t *testing.T) {
	g := newSCSIGuest(t, time.Second)
	data := bytes.Repeat([]byte{0x77}, 512)
	w, f := g.command(2, data, scsiWrite...), g.command(3, nil, scsiFlush...)
	hd := scsi.DeviceOf(g.r.env.Peripheral.Child("hd"))
	var who []string
	for _, h := range hd.Holds() {
		if h.Kind().String() == "pending-io" {
			who = append(who, h.Who())
		}
	}
	if want := []string{"scsi-hd hd, request 2", "scsi-hd hd, request 1"}; !cmp.Equal(who, want) {
		t.Errorf("held by %q", who)
	}
	if _, resp, _ := g.response(w); resp != unanswered {
		t.Errorf("answered before the drive did: %d", resp)
	}
	g.r.clock.advance(time.Second)
	for _, n := range []int{w, f} {
		if status, resp, _ := g.response(n); status != 0 || resp != 0 {
			t.Errorf("command %d: status %d, response %d", n, status, resp)
		}
	}
	if !bytes.Equal(g.disk.data[3*512:4*512], data) {
		t.Error("the disk has something else")
	}
	rd := g.command(4, nil, scsiRead...)
	g.r.clock.advance(time.Second)
	got := make([]byte, 512)
	g.r.mem.Read(uint64(dataBase+rd*0x4000+0x2000), got)
	if !bytes.Equal(got, data) {
		t.Error("read something else")
	}
	g.disk.fail = errHost
	e := g.command(5, nil, scsiRead...)
	g.r.clock.advance(time.Second)
	if status, _, sense := g.response(e); status != 2 || sense != (scsi.Sense{Key: 11, Qualifier: 6}) {
		t.Errorf("a read that failed: status %d, sense %+v", status, sense)
	}
}

// A disk that leaves with commands in flight is gone from the bus at once, and
// from memory once its drive has answered; the driver is told of each.
func TestSCSIUnplugInFlight(t *testing.T) {
	g := newSCSIGuest(t, time.Second)
	n := g.command(2, nil, scsiRead...)
	storage := g.r.env.Peripheral.Child("hd").Storage()
	if got := g.r.del("hd"); len(got) != 0 {
		t.Fatalf("events %q", got)
	}
	if late := g.command(3, nil, scsiRead...); true {
		if _, resp, _ := g.response(late); resp != 3 {
			t.Errorf("command to a disk that left: response %d", resp)
		}
	}
	g.r.clock.advance(time.Second)
	if _, resp, _ := g.response(n); resp != 2 {
		t.Errorf("response %d, want that it was aborted", resp)
	}
	if got := g.r.settle(); !cmp.Equal(got, []string{"hd /machine/peripheral/hd"}) || !storage.Freed() {
		t.Errorf("events %q", got)
	}
	// The adapter with everything on it.
	g.r.must(g.r.add(`{"driver": "scsi-hd", "id": "hd", "drive": "d0"}`))
	g.response(g.command(4, nil, 0, 0, 0, 0, 0, 0))
	n = g.command(5, nil, scsiRead...)
	if got := g.r.del("scsi"); len(got) != 0 {
		t.Fatalf("events %q", got)
	}
	g.r.clock.advance(time.Second)
	want := []string{"hd /machine/peripheral/hd", "/machine/peripheral/scsi/virtio-backend", "scsi /machine/peripheral/scsi"}
	if got := g.r.settle(); !cmp.Equal(got, want) {
		t.Errorf("events %q", got)
	}
	if _, resp, _ := g.response(n); resp != unanswered {
		t.Errorf("response %d from an adapter that is gone", resp)
	}
}

// Task management waits for what it is about.
func TestSCSITasks(t *testing.T) {
	g := newSCSIGuest(t, time.Second)
	first, second := g.command(2, nil, scsiRead...), g.command(3, nil, scsiRead...)
	if a := g.task(6, 3); a() != 10 {
		t.Errorf("query of a task: %d", a())
	}
	if a := g.task(6, 99); a() != 0 {
		t.Errorf("query of no task: %d", a())
	}
	if a := g.task(2, 0); a() != 11 {
		t.Errorf("an unknown function: %d", a())
	}
	abort := g.task(0, 2)
	if abort() != unanswered {
		t.Error("answered before the task ended")
	}
	g.r.clock.advance(time.Second)
	_, one, _ := g.response(first)
	_, two, _ := g.response(second)
	if one != 2 || two != 0 || abort() != 0 {
		t.Errorf("responses %d and %d, answer %d", one, two, abort())
	}
	n := g.command(4, nil, scsiRead...)
	reset := g.task(5, 0)
	g.r.clock.advance(time.Second)
	if _, resp, _ := g.response(n); resp != 4 || reset() != 0 {
		t.Errorf("after a reset of the unit: response %d, answer %d", resp, reset())
	}
	if status, _, sense := g.response(g.command(5, nil, scsiRead...)); status != 2 || sense.Key != 6 {
		t.Errorf("no unit attention after the reset: status %d, sense %+v", status, sense)
	}
}
