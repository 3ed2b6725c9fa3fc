package devices

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/qdev"
)

// Where the catalog tells a device's bus, the table of base types agrees.
func TestBusOf(t *testing.T) {
	cat := catalog.Default()
	used := map[string]bool{}
	for name := range cat.Types() {
		plugged, ok := cat.Device(name)
		if !ok || plugged.Bus == "" {
			continue
		}
		facts, _ := cat.Type(name)
		want := ""
		for _, ancestor := range append([]string{name}, facts.Parents...) {
			if busOf[ancestor] != "" {
				want = busOf[ancestor]
				used[ancestor] = true
				break
			}
		}
		if plugged.Bus != want {
			t.Errorf("%s sits on %q, the table says %q (%v)", name, plugged.Bus, want, facts.Parents)
		}
	}
	for name := range busOf {
		if !used[name] {
			t.Errorf("nothing descends from %s", name)
		}
	}
}

// Device types have a default bus, and what users may do with them, from facts.
func TestClassFacts(t *testing.T) {
	env := newEnv(t, catalog.Default())
	for name, want := range map[string]qdev.Class{
		"usb-tablet": {BusType: "usb-bus", UserCreatable: true, Hotpluggable: true},
		"e1000":      {BusType: "PCI", UserCreatable: true, Hotpluggable: true},
		"VGA":        {BusType: "PCI", UserCreatable: true},
		"scsi-hd":    {BusType: "SCSI", UserCreatable: true, Hotpluggable: true},
		"isa-serial": {BusType: "ISA", UserCreatable: true, Hotpluggable: true},
		"base-xhci":  {Hotpluggable: true},
		"pc-dimm":    {UserCreatable: true, Hotpluggable: true},
	} {
		if got := qdev.ClassOf(env.Tree.Types.Class(name)); !cmp.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// Code of an ancestor stays in charge of a property that the catalog lists for
// a descendant, with the descendant's default.
func TestCodeBeforeFacts(t *testing.T) {
	types := NewTypes(catalog.Default())
	for _, tc := range []struct{ class, name string }{
		{"usb-bus", "realized"}, {"usb-bus", "hotplug-handler"}, {"usb-tablet", "realized"},
		{"memory-backend-ram", "size"}, {"iothread", "aio-max-batch"},
	} {
		if p := types.Class(tc.class).Property(tc.name); p == nil || p.Replaceable {
			t.Errorf("%s.%s is known from facts alone", tc.class, tc.name)
		}
	}
	// Children of a device are no properties of its class.
	for p := range types.Class("qemu-xhci").Properties() {
		if p.IsChild() {
			t.Errorf("qemu-xhci has %s as a class property", p.Name)
		}
	}
	if !slices.Contains(catalog.Names(), catalog.QEMU72) {
		t.Skip("no older catalog")
	}
	old, err := catalog.Load(catalog.QEMU72)
	if err != nil {
		t.Fatal(err)
	}
	k := qdev.ClassOf(NewTypes(old).Class("usb-tablet"))
	if k.BusType != "usb-bus" || !k.UserCreatable {
		t.Errorf("usb-tablet of an older QEMU: %+v", k)
	}
}
