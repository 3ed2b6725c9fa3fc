package virtio_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/qom"
)

// memRig is a virtio-mem of 16 MiB at 4 GiB, in blocks of 2 MiB, of which the
// guest should have 8 MiB.
func memRig(t *testing.T) (*rig, func(kind, block, blocks uint64) string) {
	r := newRig(t)
	m := r.child(r.env.Tree.Root().Child("objects"), "m", "memory-backend-ram")
	if err := m.Set("size", qom.Value(int64(16<<20))); err != nil {
		t.Fatal(err)
	}
	if err := object.Complete(m); err != nil {
		t.Fatal(err)
	}
	dev := r.must(r.add(`{"driver": "virtio-mem-pci", "id": "v", "memdev": "m", "memaddr": 4294967296, "requested-size": 8388608}`))
	d := newDriver(r, dev, true)
	d.start(1, 0)
	q := d.queues[0]
	return r, func(kind, block, blocks uint64) string {
		r.mem.Write(dataBase, make([]byte, 64))
		r.mem.WriteN(dataBase, 2, kind)
		r.mem.WriteN(dataBase+8, 8, 4<<30+block*2<<20)
		r.mem.WriteN(dataBase+16, 2, blocks)
		r.mem.WriteN(dataBase+0x1000, 2, 0xffff)
		q.offer(buf{dataBase, 24, false}, buf{dataBase + 0x1000, 10, true})
		q.kick()
		if n := len(q.completed()); n != 1 {
			t.Fatalf("%d answers", n)
		}
		answer, _ := r.mem.ReadN(dataBase+0x1000, 2)
		state, _ := r.mem.ReadN(dataBase+0x1008, 2)
		return fmt.Sprint(answer, "/", state)
	}
}

// The guest takes and gives back blocks by the rules of VIRTIO 1.2 section
// 5.15.6: 0 is done, 1 not now, 3 a mistake.
func TestMemRequests(t *testing.T) {
	r, do := memRig(t)
	const plug, unplug, unplugAll, state = 0, 1, 2, 3
	for i, c := range []struct {
		kind, block, blocks uint64
		want                string
		size                uint64 // afterwards, in blocks
	}{
		{state, 0, 8, "0/1", 0},
		{plug, 0, 2, "0/0", 2},
		{plug, 1, 1, "3/0", 2},       // is plugged
		{state, 0, 2, "0/0", 2},      // plugged
		{state, 1, 2, "0/2", 2},      // mixed
		{plug, 2, 3, "1/0", 2},       // more than is wanted
		{plug, 7, 2, "3/0", 2},       // beyond the end
		{plug, 1 << 40, 1, "3/0", 2}, // far beyond
		{plug, 2, 0, "3/0", 2},       // nothing
		{unplug, 1, 2, "3/0", 2},     // is not plugged
		{plug, 7, 1, "0/0", 3},
		{unplug, 0, 1, "0/0", 2},
		{9, 0, 1, "3/0", 2}, // no such request
		{unplugAll, 0, 0, "0/0", 0},
		{state, 0, 8, "0/1", 0},
	} {
		if got := do(c.kind, c.block, c.blocks); got != c.want {
			t.Errorf("request %d: answer %s, want %s", i, got, c.want)
		}
		if got := r.get("/machine/peripheral/v", "size"); got != c.size*2<<20 {
			t.Errorf("after request %d: size %v, want %d blocks", i, got, c.size)
		}
	}
	change := "MEMORY_DEVICE_SIZE_CHANGE"
	if got := r.settle(); !cmp.Equal(got, []string{change, change, change, change}) {
		t.Errorf("events %q", got)
	}
}

// What the guest gives back is gone, and a reset of the machine takes all.
func TestMemGivenBack(t *testing.T) {
	r, do := memRig(t)
	m := r.env.Tree.Root().Child("objects").Child("m").Self().(*object.MemoryBackend)
	fill := func() { m.RAM().Load(2<<20, []byte("secret")) }
	read := func() string { p := make([]byte, 6); m.RAM().Dump(2<<20, p); return string(p) }
	do(0, 0, 2)
	fill()
	do(1, 0, 1)
	if read() != "secret" {
		t.Error("the neighbour's content is gone")
	}
	do(1, 1, 1)
	if read() != "\x00\x00\x00\x00\x00\x00" {
		t.Error("the content is still there")
	}
	do(0, 0, 2)
	fill()
	r.env.SystemBus.ColdReset()
	if got := r.get("/machine/peripheral/v", "size"); got != uint64(0) || read() == "secret" {
		t.Errorf("after a reset: size %v, content %q", got, read())
	}
}
