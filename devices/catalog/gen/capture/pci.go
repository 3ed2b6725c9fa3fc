package main

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
	PCIBridge *struct{}              `json:"pci_bridge"`
	IRQPin    uint8                  `json:"irq_pin"`
	Regions   []struct {
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
	regCapabilities = 0x34
	statusCapList   = 1 << 4
	capExpress      = 0x10
)

// pci finds the device with id "dut" on bus 0.
func (s *session) pci() (*catalog.PCIFacts, error) {
	var buses []struct{ Devices []pciDevice }
	if err := s.run("query-pci", nil, &buses); err != nil {
		return nil, err
	}
	for _, b := range buses {
		for _, d := range b.Devices {
			if d.QdevID == "dut" && d.Bus == 0 {
				return s.facts(d)
			}
		}
	}
	return nil, fmt.Errorf("not in query-pci")
}

func (s *session) facts(d pciDevice) (*catalog.PCIFacts, error) {
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
	v, err := s.config(d.Slot, d.Function, regRevision)
	if err != nil {
		return nil, err
	}
	p.Revision, p.ProgIf = uint8(v), uint8(v>>8)
	status, err := s.config(d.Slot, d.Function, regStatus)
	if err != nil || status>>16&statusCapList == 0 {
		return p, err
	}
	at, err := s.config(d.Slot, d.Function, regCapabilities)
	for at &= 0xfc; err == nil && at != 0 && len(p.Capabilities) < 48; {
		if v, err = s.config(d.Slot, d.Function, int(at)); err != nil {
			return nil, err
		}
		p.Capabilities = append(p.Capabilities, catalog.Capability{ID: uint8(v), Offset: uint8(at)})
		p.IsExpress = p.IsExpress || uint8(v) == capExpress
		at = v >> 8 & 0xfc
	}
	return p, err
}
