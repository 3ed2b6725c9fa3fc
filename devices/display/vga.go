package display

import (
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// VGA is the adapter that PCs have by default: the registers of VGA at their
// places among the ports and below 1 MiB, and again in a BAR.
type VGA struct {
	pci.Device
	memory memory.Region   // of the picture, BAR 0
	window memory.Region   // the part of it below 1 MiB
	mmio   memory.Region   // BAR 2
	remote []memory.Region // in BAR 2
	ports  []memory.Region
}

// place is a region of registers: where it is and how long.
type place struct {
	name     string
	at, size uint64
}

var (
	vgaPorts = []place{
		{"vga", 0x3b4, 2}, {"vga", 0x3ba, 1}, {"vga", 0x3c0, 16}, {"vga", 0x3d4, 2}, {"vga", 0x3da, 1}, {"vbe", 0x1ce, 4},
	}
	vgaRemapped = []place{
		{"edid", 0, 384}, {"vga ioports remapped", 0x400, 32}, {"bochs dispi interface", 0x500, 22}, {"qemu extended regs", 0x600, 8},
	}
)

// preferred is the size of the screen that a guest is told of.
var preferred = map[string]uint64{"xres": 1280, "yres": 800}

const (
	windowAt, windowSize = 0xa0000, 0x20000
	mmioSize             = 0x1000
	memoryBAR, mmioBAR   = 0, 2
)

// RealizePCI implements [pci.Function].
func (v *VGA) RealizePCI() error {
	sys, o, root := v.Env().Memory, &v.Object, v.PCIBus().RootBus()
	for name, pixels := range preferred {
		if v.StoredUint(name) == 0 {
			v.Store(name, pixels)
		}
	}
	v.memory.InitRAM(sys, o, "vga.vram", v.StoredUint("vgamem_mb")<<20)
	if err := v.RegisterBAR(memoryBAR, pci.BARMem|pci.BARPrefetch, &v.memory); err != nil {
		return err
	}
	v.window.InitIO(sys, o, memory.Funcs{}, "vga-lowmem", windowSize)
	root.MemorySpace().AddSubregionOverlap(windowAt, &v.window, 1)
	v.ports = v.registers(vgaPorts, root.IOSpace())
	for i := range v.ports {
		v.ports[i].InPortList()
	}
	if v.StoredBool("mmio") {
		v.mmio.InitIO(sys, o, memory.Funcs{}, "vga.mmio", mmioSize)
		v.remote = v.registers(v.remapped(), &v.mmio)
		if err := v.RegisterBAR(mmioBAR, pci.BARMem, &v.mmio); err != nil {
			return err
		}
	}
	v.RealizeFromFacts()
	return nil
}

// remapped are the registers in BAR 2, but for those that were switched off.
func (v *VGA) remapped() []place {
	var list []place
	for i, p := range vgaRemapped {
		off := map[int]string{0: "edid", len(vgaRemapped) - 1: "qemu-extended-regs"}[i]
		if v.StoredBool(off) || off == "" {
			list = append(list, p)
		}
	}
	return list
}

func (v *VGA) registers(list []place, in *memory.Region) []memory.Region {
	regions := make([]memory.Region, len(list))
	for i, p := range list {
		regions[i].InitIO(v.Env().Memory, &v.Object, memory.Funcs{}, p.name, p.size)
		in.AddSubregion(p.at, &regions[i])
	}
	return regions
}

// ExitPCI takes away what lies outside of the BARs.
func (v *VGA) ExitPCI() {
	for i := range v.ports {
		remove(&v.ports[i])
	}
	for i := range v.remote {
		remove(&v.remote[i])
	}
	remove(&v.window)
}

func remove(r *memory.Region) {
	if c := r.Container(); c != nil {
		c.DelSubregion(r)
	}
}

// Register adds the adapters and consoles to t.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "VGA", Parent: "pci-device", New: func() qom.Instance { return new(VGA) }})
	registerConsole(t)
}

// heads is how many screens an adapter has; 0 for what is none.
func heads(d *qdev.Device) int {
	switch typ := d.TypeName(); {
	case oneHead[typ]:
		return 1
	case d.Is("virtio-gpu-pci-base"), d.Is("virtio-vga-base"):
		outputs, _ := d.Get("max_outputs") // an alias of the backend's
		n, _ := outputs.(uint64)
		return max(1, int(n))
	}
	return 0
}

// oneHead are the adapters that have one screen.
var oneHead = map[string]bool{
	"VGA": true, "secondary-vga": true, "cirrus-vga": true, "isa-vga": true, "isa-cirrus-vga": true,
	"bochs-display": true, "vmware-svga": true, "ati-vga": true, "ramfb": true,
}
