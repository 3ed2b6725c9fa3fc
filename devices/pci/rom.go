package pci

import (
	"errors"
	"fmt"
	"math/bits"
	"os"

	"github.com/qomd/qomd/devices/memory"
)

// minROM is the smallest option ROM; smaller files are padded.
const minROM = 2048

// addROM makes the option ROM that the properties romfile, romsize and rombar
// ask for, or that the type has by default, in BAR 6. The content of a default
// ROM is not ours to have: it reads as zeros.
func (d *Device) addROM() error {
	size := d.defaultROM()
	switch {
	case d.romfile == "" && (d.hasROMFile || size == 0):
		return nil // none, or explicitly none
	case d.rombar == 0 && d.Hotplugged():
		return errors.New("Hot-plugged device without ROM bar can't have an option ROM")
	case d.rombar == 0:
		return nil // firmware would load it by other means
	case d.romfile != "":
		return d.loadROM()
	}
	d.romfile = d.defaultROMName()
	return d.makeROM(size, nil)
}

// romNames are the option ROMs that QEMU's types have by default, by type or
// ancestor; none of it is told before such a device is realized.
var romNames = map[string]string{
	"e1000-base": "efi-e1000.rom", "e1000e": "efi-e1000e.rom", "ne2k_pci": "efi-ne2k_pci.rom", "pcnet": "efi-pcnet.rom",
	"rtl8139": "efi-rtl8139.rom", "vmxnet3": "efi-vmxnet3.rom", "virtio-net-pci-base": "efi-virtio.rom",
	"VGA": "vgabios-stdvga.bin", "cirrus-vga": "vgabios-cirrus.bin", "bochs-display": "vgabios-bochs-display.bin",
	"virtio-vga-base": "vgabios-virtio.bin", "vmware-svga": "vgabios-vmware.bin", "ati-vga": "vgabios-ati.bin",
	"i82550": "pxe-eepro100.rom", "i82551": "pxe-eepro100.rom", "i82557a": "pxe-eepro100.rom", "i82557b": "pxe-eepro100.rom",
	"i82557c": "pxe-eepro100.rom", "i82558a": "pxe-eepro100.rom", "i82558b": "pxe-eepro100.rom", "i82559a": "pxe-eepro100.rom",
	"i82559b": "pxe-eepro100.rom", "i82559c": "pxe-eepro100.rom", "i82559er": "pxe-eepro100.rom", "i82562": "pxe-eepro100.rom",
	"i82801": "pxe-eepro100.rom",
}

// romRegion is what the region of an option ROM is called after: the name under
// which the state of the device is saved, mostly that of its type.
func (d *Device) romRegion() string {
	switch t := d.TypeName(); t {
	case "VGA":
		return "vga"
	case "cirrus-vga":
		return "cirrus_vga"
	case "ne2k_pci":
		return "ne2000"
	default:
		if d.Is("e1000-base") {
			return "e1000"
		}
		return t
	}
}

// romRegionName is the name of that region, which QEMU cuts off where its
// buffer ends.
func (d *Device) romRegionName() string {
	name := d.romRegion() + ".rom"
	return name[:min(len(name), 31)]
}

func (d *Device) defaultROMName() string {
	for c := d.Class(); c != nil; c = c.Parent() {
		if name := romNames[c.Name()]; name != "" {
			return name
		}
	}
	return ""
}

// defaultROM is the size of the option ROM the type has by default, 0 for
// none.
func (d *Device) defaultROM() uint64 {
	if f := d.facts(); f != nil {
		for _, b := range f.BARs {
			if b.Number == ROMBAR {
				return uint64(max(b.Size, 0))
			}
		}
	}
	return 0
}

func (d *Device) loadROM() error {
	content, err := os.ReadFile(d.romfile)
	if err != nil {
		return fmt.Errorf("failed to find romfile \"%s\"", d.romfile)
	}
	size := uint64(max(len(content), minROM))
	switch {
	case len(content) == 0:
		return fmt.Errorf("romfile \"%s\" is empty", d.romfile)
	case len(content) > 2<<30:
		return fmt.Errorf("romfile \"%s\" too large (size cannot exceed 2 GiB)", d.romfile)
	case d.romsize != noROMSize && uint64(len(content)) > uint64(d.romsize):
		return fmt.Errorf("romfile \"%s\" (%d bytes) is too large for ROM size %d", d.romfile, len(content), d.romsize)
	case d.romsize != noROMSize:
		size = uint64(d.romsize)
	default:
		size = 1 << bits.Len64(size-1)
	}
	return d.makeROM(size, content)
}

func (d *Device) makeROM(size uint64, content []byte) error {
	r := new(memory.Region)
	r.InitROM(d.Env().Memory, &d.Object, d.romRegionName(), size)
	r.Load(0, content)
	d.rom, d.romsize = r, uint32(size)
	return d.registerBAR(ROMBAR, BARMem, r)
}
