package qmptest_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/qomd/qomd/devices/usb/xhci"
	"github.com/qomd/qomd/qmp/qmptest"
	"github.com/qomd/qomd/qom"
)

const core = "/machine/peripheral/x0/xhci-core"

// draining is what x-query-draining returns.
type draining struct {
	Type              string
	Path              string
	Generation        uint64
	StorageReferences int `json:"storage-references"`
	Objects           []struct {
		Type, Name, Phase string
		References        []struct{ Kind, Holder string }
	}
}

// resolve looks an object up behind the monitor.
func resolve(t testing.TB, m *qmptest.Machine, path string) (o *qom.Object) {
	t.Helper()
	m.VM.Machine.Do(func() { o, _ = m.VM.Machine.Tree().Resolve(path, "") })
	if o == nil {
		t.Fatalf("nothing at %s", path)
	}
	return o
}

// The main job: a controller whose core somebody holds is gone only when that
// holder lets go, and then it is gone altogether, storage and memory.
func TestUnplugWaitsForTheLastReference(t *testing.T) {
	t.Parallel()
	holders := map[string]func(m *qmptest.Machine, c *qmptest.Client) (release func(), holder string){
		"object-add": func(m *qmptest.Machine, c *qmptest.Client) (func(), string) {
			c.Must("object-add", qmptest.A{"qom-type": "x-hold", "id": "h0", "target": core, "note": "a test"})
			return func() { c.Must("object-del", qmptest.A{"id": "h0"}) }, "h0 (a test)"
		},
		"Hold": func(m *qmptest.Machine, c *qmptest.Client) (func(), string) {
			return m.Hold(core), "qmptest " + core
		},
	}
	for name, hold := range holders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, c := q35(t)
			addXHCI(m, c)
			release, holder := hold(m, c)
			storage, memory := storageOf(t, m)

			c.Must("device_del", x0)
			wantEvents(t, c)
			m.Acknowledge()
			wantEvents(t, c)

			var list []draining
			c.Must("x-query-draining", nil, &list)
			if len(list) != 1 || len(list[0].Objects) != 1 {
				t.Fatalf("x-query-draining: %+v", list)
			}
			d := list[0]
			wantEqual(t, "qemu-xhci", d.Type)
			wantEqual(t, "/machine/peripheral/x0", d.Path)
			wantEqual(t, storage.Generation(), d.Generation)
			wantEqual(t, "xhci-core", d.Objects[0].Name)
			wantEqual(t, "x-hold", d.Objects[0].References[0].Kind)
			wantEqual(t, holder, d.Objects[0].References[0].Holder)
			if storage.Freed() {
				t.Error("freed while it is held")
			}
			wantEqual(t, "Duplicate device ID 'x0'", c.MustFail("device_add", newX0))

			release()
			wantEvents(t, c, x0Gone...)
			c.Must("x-query-draining", nil, &list)
			wantEqual(t, 0, len(list))
			if !storage.Freed() || storage.Ref() != qom.Finalizing {
				t.Error("the record does not say that the storage is freed")
			}
			wantCollected(t, memory)
			c.Must("device_add", newX0)
			wantEvents(t, c)
		})
	}
}

// storageOf returns the controller's storage record, and a pointer to its
// memory that does not keep it.
func storageOf(t testing.TB, m *qmptest.Machine) (*qom.Storage, weak.Pointer[xhci.PCI]) {
	o := resolve(t, m, "/machine/peripheral/x0")
	dev, ok := o.Self().(*xhci.PCI)
	if !ok {
		t.Fatalf("the controller is a %T", o.Self())
	}
	return o.Storage(), weak.Make(dev)
}

// wantCollected fails when the collector cannot have the memory.
func wantCollected[T any](t testing.TB, p weak.Pointer[T]) {
	t.Helper()
	for range 5 { // what finalizers and pools keep goes in later rounds
		runtime.GC()
		if p.Value() == nil {
			return
		}
	}
	t.Error("the collector cannot have the memory: something still points there")
}

// What the core alone is held by keeps the function's memory, not its object.
func TestFunctionIsFinalizedBeforeItsStorage(t *testing.T) {
	t.Parallel()
	m, c := q35(t)
	addXHCI(m, c)
	function := resolve(t, m, "/machine/peripheral/x0")
	release := m.Hold(core)
	c.Must("device_del", x0)
	m.Acknowledge()
	m.VM.Machine.Do(func() {
		wantEqual(t, qom.Finalized, function.Phase())
		wantEqual(t, false, function.Storage().Freed())
	})
	release()
	wantEvents(t, c, x0Gone...)
}
