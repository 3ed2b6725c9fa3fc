package qdev

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

// Events come in reverse order of addition on each bus, then the embedded
// children, then the device; anonymous devices are named by path.
func TestEventOrder(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'x1'}`)
	for _, args := range []string{
		`{'driver': 'test-leaf', 'id': 'mm0', 'bus': 'x1.0'}`, `{'driver': 'test-leaf', 'id': 'mm1', 'bus': 'x1.0'}`,
		`{'driver': 'test-leaf', 'bus': 'x1.0'}`, `{'driver': 'test-leaf', 'id': 'tab', 'bus': 'x1.0'}`,
	} {
		r.mustAdd(args)
	}
	if err := r.del("mm1"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mm1"}, r.take()); diff != "" {
		t.Error(diff)
	}
	if err := r.del("x1"); err != nil {
		t.Fatal(err)
	}
	want := []string{"tab", "/peripheral-anon/device[0]", "mm0", "/peripheral/x1/core", "x1"}
	if diff := cmp.Diff(want, r.take()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A hold on the embedded core delays both events and keeps the id, not the
// place on the bus.
func TestHeldCore(t *testing.T) {
	r := newRig(t)
	d := r.mustAdd(`{'driver': 'controller', 'id': 'x0'}`)
	core := &d.Self().(*controller).core
	h := core.Hold(qom.HoldDMAMap, "transfer")
	if err := r.del("x0"); err != nil {
		t.Fatal(err)
	}
	if e := r.take(); e != nil {
		t.Errorf("events while held: %v", e)
	}
	if err := r.del("x0"); err == nil || err.Error() != "Device 'x0' not found" {
		t.Errorf("second device_del: %v", err)
	}
	if _, err := r.add(`{'driver': 'controller', 'id': 'x0'}`, false); err == nil || err.Error() != "Duplicate device ID 'x0'" {
		t.Errorf("id is free while its storage drains: %v", err)
	}
	if list := r.Tree.Draining(); len(list) != 1 || list[0].FormerPath() != "/peripheral/x0" {
		t.Errorf("draining: %v", list)
	}
	qomtest.Check(t, r.Tree)
	var removed []Removal
	r.Removed = func(x Removal) { removed = append(removed, x) }
	h.Release()
	if diff := cmp.Diff([]string{"/peripheral/x0/core", "x0"}, r.take()); diff != "" {
		t.Error(diff)
	}
	if len(removed) != 1 || removed[0].ID != "x0" || removed[0].LastHolder != "dma-map transfer" {
		t.Errorf("removal: %+v", removed)
	}
	r.mustAdd(`{'driver': 'controller', 'id': 'x0'}`)
}

// The id is taken while a device that was added, deleted and added again
// drains only as long as its own storage does.
func TestSameIDAgain(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	for range 3 {
		r.mustAdd(`{'driver': 'test-leaf', 'id': 'a', 'bus': 'c.0'}`)
		if err := r.del("a"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"a", "a", "a"}, r.take()); diff != "" {
		t.Error(diff)
	}
}

func TestDelErrors(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	d := r.mustAdd(`{'driver': 'test-leaf', 'id': 'a', 'bus': 'c.0'}`)
	for id, want := range map[string]string{
		"nope": "Device 'nope' not found", "type": "Device 'type' not found", "c/c.0": "c/c.0 is not a device",
		"": " is not a device", "/peripheral": "/peripheral is not a device",
	} {
		if err := r.del(id); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", id, err, want)
		}
	}
	why := errors.New("Device a is being copied")
	unblock := d.AddBlocker(why)
	if err := r.del("a"); !errors.Is(err, why) {
		t.Errorf("blocked: %v", err)
	}
	unblock()
	bus := d.Bus()
	handler := bus.Handler()
	bus.SetHandler(nil)
	if err := r.del("a"); err == nil || err.Error() != "Bus 'c.0' does not support hotplugging" {
		t.Errorf("no handler: %v", err)
	}
	bus.SetHandler(handler)
	r.Migrating = func() bool { return true }
	if err := r.del("/peripheral/a"); err == nil || err.Error() != "device_del not allowed while migrating" {
		t.Errorf("migrating: %v", err)
	}
	r.Migrating = nil
	if err := r.del("/peripheral/a"); err != nil {
		t.Error(err)
	}
}

// A request that the guest has not answered may be repeated once it expired;
// one made at virtual time 0 with no wait never expires.
func TestRepeatedRequest(t *testing.T) {
	r := newRig(t)
	r.root.SetHandler(slowHandler{r.root})
	d := r.mustAdd(`{'driver': 'controller', 'id': 'c'}`)
	if err := r.del("c"); err != nil || !d.UnplugPending() {
		t.Fatal(err, d.UnplugPending())
	}
	if err := r.del("c"); err == nil || err.Error() != "Device c is already in the process of unplug" {
		t.Errorf("repeated: %v", err)
	}
	r.clock.now += int64(5 * time.Second)
	if err := r.del("c"); err != nil {
		t.Errorf("repeated after expiry: %v", err)
	}
	d.ClearUnplugPending()
	r.clock.now = 0
	d.SetUnplugPending(0)
	r.clock.now = int64(time.Hour)
	if err := r.del("c"); err == nil {
		t.Error("a request at time 0 expired")
	}
	if err := Remove(r.root, d); err != nil {
		t.Error(err)
	}
	r.settle()
	if diff := cmp.Diff([]string{"/peripheral/c/core", "c"}, r.take()); diff != "" {
		t.Error(diff)
	}
}
