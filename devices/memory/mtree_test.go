package memory

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qomd/qomd/qom"
)

// pc is the memory of a q35 machine without devices, as far as the recordings
// in testdata show it.
func pc(m *machine) {
	const all = math.MaxUint64
	sys := m.System
	object := func(parent *qom.Object, name, typ string) *qom.Object {
		o, err := m.tree.NewChild(parent, name, typ)
		if err != nil {
			m.t.Fatal(err)
		}
		return o
	}
	machine, _ := m.tree.Resolve("/machine", "")
	backend := object(object(m.tree.Root(), "objects", "container"), "pc.ram", "container")
	q35 := object(machine, "q35", "card")
	mch := object(q35, "mch", "card")
	ioapic := object(q35, "ioapic", "card")
	apic := object(object(m.Unattached, "device[0]", "container"), "lapic", "card")
	hpet := object(m.Unattached, "device[5]", "card")
	region := func() *Region { return new(Region) }
	alias := func(owner *qom.Object, name string, target *Region, at, size uint64) *Region {
		r := region()
		r.InitAlias(sys, owner, name, target, at, size)
		return r
	}
	io := func(owner *qom.Object, name string, at, size uint64, prio int32) {
		r := region()
		r.InitIO(sys, owner, Funcs{}, name, size)
		m.mem.AddSubregionOverlap(at, r, prio)
	}

	ram := region()
	ram.InitRAM(sys, backend, "pc.ram", 128<<20)
	m.mem.AddSubregion(0, alias(nil, "ram-below-4g", ram, 0, 128<<20))
	pci := region()
	pci.Init(sys, nil, "pci", all)
	bios := region()
	bios.InitROM(sys, nil, "pc.bios", 256<<10)
	pci.AddSubregion(0xfffc0000, bios)
	pci.AddSubregionOverlap(0xe0000, alias(nil, "isa-bios", bios, 0x20000, 0x20000), 1)
	rom := region()
	rom.InitROM(sys, nil, "pc.rom", 0x20000)
	pci.AddSubregionOverlap(0xc0000, rom, 1)
	m.mem.AddSubregionOverlap(0, pci, -1)
	m.mem.AddSubregionOverlap(0xa0000, alias(mch, "smram-region", pci, 0xa0000, 0x20000), 1)
	for at := uint64(0xc0000); at < 0xf0000; at += 0x4000 {
		m.mem.AddSubregionOverlap(at, alias(mch, "pam-pci", pci, at, 0x4000), 1)
	}
	m.mem.AddSubregionOverlap(0xf0000, alias(mch, "pam-pci", pci, 0xf0000, 0x10000), 1)
	off := alias(mch, "pam-ram", ram, 0xf0000, 0x10000)
	off.SetEnabled(false)
	m.mem.AddSubregionOverlap(0xf0000, off, 1)
	io(ioapic, "ioapic", 0xfec00000, 0x1000, 0)
	io(hpet, "hpet", 0xfed00000, 0x400, 0)
	io(apic, "apic-msi", 0xfee00000, 0x100000, 4096)

	master := region()
	master.Init(sys, mch, "bus master container", all)
	window := alias(mch, "bus master", &m.mem, 0, all)
	window.SetEnabled(false)
	master.AddSubregion(0, window)

	m.ports.Destroy()
	m.memory.Destroy()
	m.NewSpace(master, "mch")
	m.memory = m.NewSpace(&m.mem, "memory")
	m.NewSpace(&m.mem, "cpu-memory-0")
}

func mtreeText(m *machine, flags MtreeFlags) string {
	var b strings.Builder
	if err := m.WriteMtree(&b, flags); err != nil {
		m.t.Error(err)
	}
	return b.String()
}

func golden(t *testing.T, name string) string {
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestMtreeOfAPC(t *testing.T) {
	m := newMachine(t)
	pc(m)
	if diff := cmp.Diff(golden(t, "mtree-owner.txt"), mtreeText(m, MtreeFlags{Owner: true})); diff != "" {
		t.Errorf("info mtree -o (-recorded +got):\n%s", diff)
	}
	got := mtreeText(m, MtreeFlags{Flat: true})
	_, got, _ = strings.Cut(got, "\n\n") // the view of mch comes first here
	got = strings.Replace(got, "FlatView #1", "FlatView #0", 1)
	if diff := cmp.Diff(golden(t, "mtree-flat.txt"), got); diff != "" {
		t.Errorf("info mtree -f (-recorded +got):\n%s", diff)
	}
	if s := mtreeText(m, MtreeFlags{Disabled: true}); !strings.Contains(s,
		"    00000000000f0000-00000000000fffff (prio 1, ram): alias pam-ram @pc.ram 00000000000f0000-00000000000fffff [disabled]\n") {
		t.Errorf("info mtree -D lacks what is disabled:\n%s", s)
	}
	m.finish()
}

// A machine without anything, as -machine none has it.
func TestMtreeOfNothing(t *testing.T) {
	m := newMachine(t)
	for _, tc := range []struct {
		flags MtreeFlags
		want  string
	}{
		{MtreeFlags{}, `address-space: memory
  0000000000000000-ffffffffffffffff (prio 0, container): system

address-space: I/O
  0000000000000000-000000000000ffff (prio 0, container): io

`}, {MtreeFlags{Owner: true}, `address-space: memory
  0000000000000000-ffffffffffffffff (prio 0, container): system parent:{obj path=/machine/unattached}

address-space: I/O
  0000000000000000-000000000000ffff (prio 0, container): io parent:{obj path=/machine/unattached}

`}, {MtreeFlags{Flat: true}, `FlatView #0
 AS "memory", root: system
 Root memory region: (none)
  No rendered FlatView

FlatView #1
 AS "I/O", root: io
 Root memory region: io
  0000000000000000-000000000000ffff (prio 0, container): io

`},
	} {
		t.Run(fmt.Sprintf("%+v", tc.flags), func(t *testing.T) {
			if diff := cmp.Diff(tc.want, mtreeText(m, tc.flags)); diff != "" {
				t.Errorf("(-recorded +got):\n%s", diff)
			}
		})
	}
	m.finish()
}

// What has lost its path is named by its type, a device with an id by that.
func TestMtreeOwners(t *testing.T) {
	m := newMachine(t)
	d := m.plug("card")
	d.id = "net0"
	d.r.InitIO(m.System, &d.Object, d, "regs", 16)
	var list qom.Hold
	o, err := m.tree.New("container")
	if err != nil {
		t.Fatal(err)
	}
	o.HoldInto(&list, qom.HoldUser, "test", 1)
	o.Unref()
	d.other.InitIO(m.System, &d.Object, d, "ports", 16)
	d.other.SetOwner(o)
	m.mem.AddSubregion(0, &d.r)
	m.mem.AddSubregion(0x20, &d.other)
	got := mtreeText(m, MtreeFlags{Owner: true})
	for _, want := range []string{
		"(prio 0, i/o): regs owner:{dev id=net0}\n",
		"(prio 0, i/o): ports owner:{obj type=container} parent:{dev id=net0}\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	m.mem.DelSubregion(&d.other)
	list.Release()
	m.finish()
}
