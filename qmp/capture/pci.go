package capture

import (
	"fmt"

	"github.com/qomd/qomd/devices/catalog"
)

type pciDevice struct {
	Bus, Slot, Function int
	QdevID              string `json:"qdev_id"`
	ID                  struct {
		Device, Vendor  uint16
		Subsystem       uint16
		SubsystemVendor uint16 `json:"subsystem-vendor"`
	}
	ClassInfo struct{ Class uint16 } `json:"class_info"`
	PCIBridge *struct {
		Devices []pciDevice
	} `json:"pci_bridge"`
	IRQPin  uint8 `json:"irq_pin"`
	Regions []struct {
		BAR      int
		Type     string
		Size     int64
		Prefetch bool
		Mem64    bool `json:"mem_type_64"`
	}
}

// Registers of configuration space.
const (
	regRevision     = 0x08 // revision, programming interface, class
	regStatus       = 0x06
	regBusNumbers   = 0x18 // of a bridge: primary, secondary, subordinate
	regCapabilities = 0x34
	statusCapList   = 1 << 4
	capExpress      = 0x10
)

// portSlot is where the root port sits in setups that have one.
const portSlot = 2

// pci finds the device with id "dut", on bus 0 or behind the root port.
func (q *qemu) pci(port bool) (*catalog.PCIFacts, error) {
	if port {
		// Nothing behind a bridge can be addressed before it has numbers.
		if err := q.setConfig(at{slot: portSlot}, regBusNumbers, 0x00010100); err != nil {
			return nil, err
		}
	}
	var buses []struct{ Devices []pciDevice }
	if err := q.run("query-pci", nil, &buses); err != nil {
		return nil, err
	}
	for _, b := range buses {
		for _, d := range b.Devices {
			if d.QdevID == "dut" && d.Bus == 0 {
				return q.facts(d)
			}
			if d.PCIBridge == nil {
				continue
			}
			for _, d := range d.PCIBridge.Devices {
				if d.QdevID == "dut" {
					return q.facts(d)
				}
			}
		}
	}
	return nil, fmt.Errorf("not in query-pci")
}

func (q *qemu) facts(d pciDevice) (*catalog.PCIFacts, error) {
	where := at{d.Bus, d.Slot, d.Function}
	p := &catalog.PCIFacts{
		Vendor: d.ID.Vendor, Device: d.ID.Device, Class: d.ClassInfo.Class,
		Subvendor: d.ID.SubsystemVendor, Subsystem: d.ID.Subsystem,
		IRQPin: d.IRQPin, IsBridge: d.PCIBridge != nil,
	}
	for _, r := range d.Regions {
		p.BARs = append(p.BARs, catalog.BAR{
			Number: r.BAR, IO: r.Type == "io", Size: r.Size, Prefetch: r.Prefetch, Mem64: r.Mem64,
		})
	}
	v, err := q.config(where, regRevision)
	if err != nil {
		return nil, err
	}
	p.Revision, p.ProgIf = uint8(v), uint8(v>>8)
	status, err := q.config(where, regStatus)
	if err != nil || status>>16&statusCapList == 0 {
		return p, err
	}
	next, err := q.config(where, regCapabilities)
	for next &= 0xfc; err == nil && next != 0 && len(p.Capabilities) < 48; {
		if v, err = q.config(where, int(next)); err != nil {
			return nil, err
		}
		p.Capabilities = append(p.Capabilities, catalog.Capability{ID: uint8(v), Offset: uint8(next)})
		p.IsExpress = p.IsExpress || uint8(v) == capExpress
		next = v >> 8 & 0xfc
	}
	return p, err
}
