package devices

import (
	"github.com/qomd/qomd/devices/card"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/cpu"
	"github.com/qomd/qomd/devices/cxl"
	"github.com/qomd/qomd/devices/dimm"
	"github.com/qomd/qomd/devices/display"
	"github.com/qomd/qomd/devices/edu"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/misc"
	"github.com/qomd/qomd/devices/nic"
	"github.com/qomd/qomd/devices/nvme"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/scsi"
	"github.com/qomd/qomd/devices/tlscreds"
	"github.com/qomd/qomd/devices/tpm"
	"github.com/qomd/qomd/devices/usb"
	"github.com/qomd/qomd/devices/usb/hid"
	"github.com/qomd/qomd/devices/usb/hub"
	"github.com/qomd/qomd/devices/usb/legacy"
	"github.com/qomd/qomd/devices/usb/storage"
	"github.com/qomd/qomd/devices/usb/xhci"
	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/devices/watchdog"
	"github.com/qomd/qomd/qom"
)

// NewTypes returns the types of a QEMU version: the facts of the catalog with
// the code of all device models. It is meant to be made once per catalog and
// shared by all machines of a process; classes are built on first use.
func NewTypes(cat *catalog.Catalog) *qom.Types {
	t := qom.NewTypes(newSource(cat))
	for _, register := range []func(*qom.Types){
		qdev.Register,
		memory.Register,
		object.Register,
		tlscreds.Register,
		chardev.Register,
		func(t *qom.Types) { pci.Register(t, pciFacts(cat)) },
		chipset.Register,
		func(t *qom.Types) { cpu.Register(t, cat) },
		dimm.Register,
		scsi.Register,
		scsi.RegisterAdapters,
		usb.Register,
		hub.Register,
		hid.Register,
		storage.Register,
		legacy.Register,
		xhci.Register,
		virtio.Register,
		misc.Register,
		watchdog.Register,
		nic.Register,
		display.Register,
		nvme.Register,
		cxl.Register,
		card.Register,
		edu.Register,
		tpm.Register,
	} {
		register(t)
	}
	return t
}

// pciFacts answers what the catalog knows of the configuration space of a type.
func pciFacts(cat *catalog.Catalog) pci.Facts {
	return func(typ string) *catalog.PCIFacts {
		d, _ := cat.Device(typ)
		return d.PCI
	}
}
