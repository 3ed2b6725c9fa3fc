package build

import (
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/format"
)

// devices packs observed facts, one record per type; a type without any has
// an empty record.
func (e *encoder) devices(types []Type, facts map[string]catalog.DeviceFacts) {
	records := make([][]byte, len(types))
	for i, t := range types {
		d, ok := facts[t.Name]
		if !ok {
			continue
		}
		var r format.Record
		r.Uint(bits(d.UserCreatable, d.Hotpluggable, d.HotplugTold, d.PCI != nil, d.USB != nil, d.PCIePort != nil))
		e.str(&r, d.Bus)
		e.str(&r, d.Alias)
		e.str(&r, d.Category)
		e.strs(&r, d.QtreeOrder)
		if d.PCI != nil {
			pci(&r, d.PCI)
		}
		if d.PCIePort != nil {
			pci(&r, d.PCIePort)
		}
		if d.USB != nil {
			e.str(&r, d.USB.Speed)
			e.str(&r, d.USB.Product)
		}
		records[i] = r
	}
	e.w.Table(format.Devices, records)
}

func pci(r *format.Record, p *catalog.PCIFacts) {
	r.Uint(bits(p.IsBridge, p.IsExpress))
	for _, v := range []uint16{p.Vendor, p.Device, p.Class, uint16(p.ProgIf), uint16(p.Revision),
		p.Subvendor, p.Subsystem, uint16(p.IRQPin)} {
		r.Uint(uint64(v))
	}
	r.Uint(uint64(len(p.BARs)))
	for _, b := range p.BARs {
		r.Uint(bits(b.IO, b.Prefetch, b.Mem64))
		r.Uint(uint64(b.Number))
		r.Uint(uint64(b.Size))
	}
	r.Uint(uint64(len(p.Capabilities)))
	for _, c := range p.Capabilities {
		r.Uint(uint64(c.ID))
		r.Uint(uint64(c.Offset))
	}
}
