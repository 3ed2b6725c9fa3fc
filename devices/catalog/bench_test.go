package catalog

import (
	"os"
	"testing"
)

// thirty is about what a machine with a few devices looks up when it is built.
var thirty = []string{
	"pc-q35-11.1-machine", "q35-pcihost", "mch", "PCIE", "PCI", "System", "ISA", "IDE", "usb-bus",
	"ICH9-LPC", "ich9-ahci", "ICH9-SMB", "hpet", "ioapic", "i8042", "mc146818rtc", "isa-serial",
	"qemu64-x86_64-cpu", "pcie-root-port", "qemu-xhci", "base-xhci", "usb-kbd", "usb-tablet",
	"virtio-net-pci", "virtio-net-device", "virtio-blk-pci", "virtio-blk-device", "virtio-pci-bus",
	"iothread", "memory-backend-ram",
}

// BenchmarkBoot opens a catalog and looks up thirty types that were never
// decoded before.
func BenchmarkBoot(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c, err := open(QEMU111, qemu111, false)
		if err != nil {
			b.Fatal(err)
		}
		for _, name := range thirty {
			if f, ok := c.Type(name); !ok || len(f.Properties) == 0 {
				b.Fatalf("%s: %v", name, ok)
			}
		}
	}
}

func BenchmarkTypeAgain(b *testing.B) {
	c := Default()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Type("virtio-net-pci"); !ok {
			b.Fatal("missing")
		}
	}
}

func BenchmarkSchema(b *testing.B) {
	for b.Loop() {
		c, err := open(QEMU111, qemu111, false)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.SchemaJSON(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestEmbeddedSize(t *testing.T) {
	if n := len(qemu111) + len(qemu72); n > 600<<10 {
		t.Errorf("embedded catalogs take %d bytes", n)
	}
}

// FuzzOpen holds that no file makes the catalog panic or spin.
func FuzzOpen(f *testing.F) {
	small, err := os.ReadFile("testdata/small.cat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := open("fuzz", string(data), false)
		if err != nil {
			return
		}
		for i := range min(c.NumTypes(), 64) {
			name := c.typeName(i)
			c.Type(name)
			c.Own(name)
			c.DeviceProperties(name)
			c.Device(name)
		}
		c.Subtypes("object", true)
		for _, m := range c.Machines() {
			c.CompatProps(m.Name)
		}
		c.Version()
		c.CPUDefinitions()
		c.CPUModelReply("486", "full")
	})
}
