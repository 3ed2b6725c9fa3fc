package pci_test

import (
	"slices"
	"testing"

	"github.com/qomd/qomd/devices/pci"
)

// expand adds an expander for a bus number, on a bus.
func (r *rig) expand(on *pci.Bus, typ string, devfn, number uint8, settings ...any) (*pci.Expander, error) {
	o := r.env.Tree.NewClass(r.env.Tree.Types.Class(typ))
	defer o.Unref()
	if err := r.env.Peripheral.AddChild("x[*]", o); err != nil {
		r.t.Fatal(err)
	}
	e := o.Self().(*pci.Expander)
	e.SetDevfn(devfn)
	e.Store("bus_nr", uint64(number))
	e.Store("numa_node", uint64(128))
	for i := 0; i < len(settings); i += 2 {
		e.Store(settings[i].(string), settings[i+1])
	}
	if err := e.Device.Device.Realize(&on.Bus); err != nil {
		o.Unparent()
		return nil, err
	}
	return e, nil
}

func (r *rig) mustExpand(devfn, number uint8) *pci.Bus {
	r.t.Helper()
	if _, err := r.expand(&r.root, "pxb", devfn, number); err != nil {
		r.t.Fatal(err)
	}
	return r.root.Find(number)
}

// Configuration cycles reach an expander's bus by its number, and what is behind
// the bridge there by the numbers the bridge was given.
func TestExpanderIsReached(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	bus := r.mustExpand(4<<3, 0x40)
	if bus == nil || bus.Number() != 0x40 || !bus.Root() || bus.RootBus() != bus {
		t.Fatalf("bus 0x40: %v", bus)
	}
	other := r.mustExpand(5<<3, 0x60)
	if got := r.root.Roots(); !slices.Equal(got, []*pci.Bus{other, bus, &r.root}) {
		t.Errorf("root buses: %v", got)
	}
	const bridgeID, testID, nobody = 0x00011b36, 0x56781234, 0xffffffff
	id := func(number, devfn uint8) uint32 { return r.root.ReadConfig(number, devfn, 0, 4) }
	below := pci.BridgeFrom(bus.At(0)).Secondary()
	f, err := r.plugOn(below, 3<<3, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		about               string
		buses               uint32 // subordinate, secondary and primary of the bridge
		at0, at41, at4f, at uint32
	}{
		{"not numbered", 0, bridgeID, nobody, nobody, nobody},
		{"one bus", 0x414140, bridgeID, testID, nobody, nobody},
		{"room for more", 0x4f4140, bridgeID, testID, nobody, nobody},
		{"another", 0x4f4f40, bridgeID, nobody, testID, nobody},
	} {
		r.root.WriteConfig(0x40, 0, 0x18, 4, tc.buses)
		got := [...]uint32{id(0x40, 0), id(0x41, 3<<3), id(0x4f, 3<<3), id(0x42, 3<<3)}
		if got != [...]uint32{tc.at0, tc.at41, tc.at4f, tc.at} {
			t.Errorf("%s: %#x", tc.about, got)
		}
	}
	if got := f.DevPath(); got != "0000:40:04.0:00.0:03.0" {
		t.Errorf("path %q", got)
	}
	if got := id(0x60, 0); got != bridgeID {
		t.Errorf("the other's bridge: %#x", got)
	}
}

// An expander turns pins by the slot behind it and takes its own away.
func TestExpanderTurnsPins(t *testing.T) {
	for _, slot := range []uint8{1, 4, 6, 31} {
		r := newRig(t)
		below := pci.BridgeFrom(r.mustExpand(slot<<3, 0x40).At(0)).Secondary()
		var pin int
		var at uint8
		r.root.OnLine = func(devfn uint8, p int, _ bool) { at, pin = devfn, p }
		for behind := range uint8(4) {
			f, err := r.plugOn(below, behind<<3, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			f.SetIRQ(true)
			want := int(behind) - int(slot) // INTA
			if pin != want || at != slot<<3 {
				t.Errorf("expander in slot %d, function in %d: pin %d of slot %d, want %d", slot, behind, pin, at>>3, want)
			}
			if r.irq[want&3] != 1 {
				t.Errorf("asserted: %v, want pin %d", r.irq, want&3)
			}
			f.SetIRQ(false)
		}
		r.finish()
	}
}

func TestExpanderRefusals(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	r.env.NUMANodes = func() int { return 2 }
	bus := r.mustExpand(4<<3, 0x40)
	below := pci.BridgeFrom(bus.At(0)).Secondary()
	for _, tc := range []struct {
		about string
		do    func() error
		want  string
	}{
		{"no bridge", func() error { _, err := r.plugOn(bus, 8, 0, nil); return err }, "PCI: Only PCI/PCIe bridges can be plugged into pxb"},
		{"number in use", func() error { _, err := r.expand(&r.root, "pxb", 5<<3, 0x40); return err }, "Bus 64 is already in use"},
		{"not on a root bus", func() error { _, err := r.expand(below, "pxb", 5<<3, 0x41); return err }, "PXB devices can be attached only to root bus"},
		{"on an expander's", func() error { _, err := r.expand(bus, "pxb", 5<<3, 0x41); return err }, "PCI: Only PCI/PCIe bridges can be plugged into pxb"},
		{"conventional bus", func() error { _, err := r.expand(&r.root, "pxb-pcie", 5<<3, 0x41); return err }, "pxb-pcie devices cannot reside on a PCI bus"},
		{"unknown node", func() error { _, err := r.expand(&r.root, "pxb", 5<<3, 0x41, "numa_node", uint64(2)); return err }, "Illegal numa node 2"},
		{"no number", func() error { _, err := r.expand(&r.root, "pxb", 5<<3, 0); return err }, "Bridge chassis not specified. Each bridge is required to be assigned a unique chassis id > 0."},
	} {
		if err := tc.do(); err == nil || err.Error() != tc.want {
			t.Errorf("%s: %v, want %q", tc.about, err, tc.want)
		}
	}
	if got := r.root.Roots(); len(got) != 2 {
		t.Errorf("%d root buses after refusals, want 2", len(got))
	}
	if _, err := r.expand(&r.root, "pxb", 5<<3, 0x41, "numa_node", uint64(1)); err != nil {
		t.Error(err)
	}
}

// With an expander goes all that is behind it.
func TestExpanderGoes(t *testing.T) {
	r := newRig(t)
	defer r.finish()
	e, err := r.expand(&r.root, "pxb", 4<<3, 0x40)
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.plugOn(pci.BridgeFrom(r.root.Find(0x40).At(0)).Secondary(), 0, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	e.Unparent()
	if !f.exited || r.root.Find(0x40) != nil || len(r.env.SystemBus.Devices()) != 0 {
		t.Errorf("function ended: %v; bus there: %v; on the system bus: %v", f.exited, r.root.Find(0x40) != nil, r.env.SystemBus.Devices())
	}
}
