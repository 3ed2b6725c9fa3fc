package virtio_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/qom/qomtest"
)

// A request of another device points into the registers of an xHCI while that
// is unplugged: stock QEMU frees the controller with its core still in use, and
// dies when the request ends. Here the core, and so the controller, stay until
// then, and the ledger names the request.
func TestRequestIntoUnpluggedController(t *testing.T) {
	r := newRig(t)
	r.disk("d0", 1<<20, 2*time.Second)
	x := r.must(r.add(`{"driver": "qemu-xhci", "id": "x"}`))
	fn := pci.FromDevice(x)
	r.bus.WriteConfig(0, fn.Devfn(), 0x10, 4, 0xd0000000)
	r.bus.WriteConfig(0, fn.Devfn(), 0x14, 4, 0)
	r.bus.WriteConfig(0, fn.Devfn(), 4, 2, 6)
	core, storage := x.Child("xhci-core"), x.Storage()

	d := newDriver(r, r.must(r.add(`{"driver": "virtio-blk-pci", "id": "vb", "drive": "d0"}`)), false)
	d.start(1, 0)
	q := d.queues[0]
	q.offer(buf{dataBase, 16, false}, buf{0xd0000000, 512, true}, buf{dataBase + 16, 1, true})
	q.kick()

	if got := r.del("x"); len(got) != 0 {
		t.Fatalf("events %q while the request is in flight", got)
	}
	qomtest.Check(t, r.env.Tree)
	var who []string
	for _, h := range core.Holds() {
		who = append(who, h.Kind().String()+" "+h.Who())
	}
	// The buffer spans two of the core's register blocks.
	const second = "dma-map virtio-blk vb, request 1, 448 bytes at 0xd0000040"
	if want := []string{second, "dma-map virtio-blk vb, request 1, 64 bytes at 0xd0000000"}; !cmp.Equal(who, want) {
		t.Errorf("the core is held by %q", who)
	}
	r.clock.advance(3 * time.Second)
	want := []string{"/machine/peripheral/x/xhci-core", "x /machine/peripheral/x"}
	if got := r.settle(); !cmp.Equal(got, want) {
		t.Errorf("events %q", got)
	}
	if !storage.Freed() {
		t.Error("the storage is not freed")
	}
	if last := storage.LastHolder(); last != second {
		t.Errorf("last holder %q", last)
	}
	if len(q.completed()) != 1 {
		t.Error("the request did not complete")
	}
}
