package build

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/format"
)

// Observed is a line of a facts file, as program gen/capture writes it.
type Observed struct {
	Type string `json:"type"`
	catalog.DeviceFacts
}

// ReadFacts adds observed device facts from a file of JSON lines. A type the
// source does not have is an error: the file is of another QEMU then.
func (s *Source) ReadFacts(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read device facts: %w", err)
	}
	defer f.Close()
	known := map[string]bool{}
	for _, t := range s.Types {
		known[t.Name] = true
	}
	s.Devices = map[string]catalog.DeviceFacts{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		var o Observed
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if !known[o.Type] {
			return fmt.Errorf("%s:%d: no type %q in this QEMU", path, n, o.Type)
		}
		s.Devices[o.Type] = o.DeviceFacts
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read device facts: %w", err)
	}
	return nil
}

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
