package dimm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qmptest"
)

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Virtio devices that are memory share the window with modules. The texts are
// those of QEMU 11.1.3.
func TestVirtioMemory(t *testing.T) {
	m := qmptest.Start(t, qmptest.PC(), qmptest.GuestLinux(), qmptest.Args("-m", "128M,slots=3,maxmem=1G"))
	r := rig{m, m.Client()}
	r.backend("a", 256*mib)
	r.backend("b", 128*mib)
	r.backend("odd", 3*mib)
	r.backend("much", 2048*mib)
	mem := func(id, memdev string, more ...any) qmptest.A {
		a := module(id, memdev, more...)
		a["driver"] = "virtio-mem-pci"
		return a
	}
	pmem := module("p", "b")
	pmem["driver"] = "virtio-pmem-pci"
	for _, c := range []struct {
		add  qmptest.A
		want string
	}{
		{qmptest.A{"driver": "virtio-mem-pci", "id": "x"}, "'memdev' property must be set"},
		{mem("x", "odd"), "backend memory size must be multiple of 0x200000"},
		{mem("x", "much"), "not enough space, currently 0x0 in use of total space for memory devices 0x38000000"},
		{mem("x", "a", "block-size", 3), "'block-size' property has to be at least 0x100000"},
		{mem("x", "a", "requested-size", 3), "'requested-size' property has to be multiples of 'block-size' (0x200000)"},
		{mem("x", "a", "node", 1), "'node' property has value '1', which exceedsthe number of numa nodes: 1"},
		{mem("x", "a", "memaddr", 1), "address must be aligned to 0x200000 bytes"},
		{mem("x", "a", "memaddr", 1<<30), "can't add memory device [0x40000000:0x10000000], usable range for memory devices [0x100000000:0xf8000000]"},
		{mem("v", "a"), ""},
		{mem("x", "a"), "'memdev' property specifies a busy memdev: a"},
		{mem("x", "b", "memaddr", first), "address range conflicts with memory device id='v'"},
		{pmem, ""},
		{module("x", "b"), "can't use already busy memdev: b"},
	} {
		if _, err := r.c.Execute("device_add", c.add); said(err) != c.want {
			t.Errorf("%v: %s, want %s", c.add, said(err), c.want)
		}
	}
	type device struct {
		Type string
		Data struct{ ID string }
	}
	var got []device
	r.c.Must("query-memory-devices", nil, &got)
	if diff := cmp.Diff([]device{{"virtio-mem", struct{ ID string }{"v"}}, {"virtio-pmem", struct{ ID string }{"p"}}}, got); diff != "" {
		t.Error(diff)
	}
	set := func(size any) {
		r.c.Must("qom-set", qmptest.A{"path": "v", "property": "requested-size", "value": size})
	}
	del := func(id string) string {
		_, err := r.c.Execute("device_del", qmptest.A{"id": id})
		return said(err)
	}
	set(4 * mib)
	refused := []string{del("v"), del("p")}
	if want := []string{"virtio-mem device cannot get unplugged while 'requested-size' != '0'",
		"this virtio based memory devices cannot be unplugged"}; !cmp.Equal(refused, want) {
		t.Errorf("device_del: %q, want %q", refused, want)
	}
	set(0)
	if text := del("v"); text != "" {
		t.Error(text)
	}
	for r.c.Await("DEVICE_DELETED").Member("device") != "v" {
	}
	r.c.Must("object-del", qmptest.A{"id": "a"})
	m.Check()
}
