package pci

import (
	"fmt"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/memory"
)

// realizeFromFacts gives a function without code of its own what is known of
// its type: BARs that decode but answer nothing, and capabilities.
func (d *Device) realizeFromFacts() {
	f := d.facts()
	if f == nil {
		return
	}
	d.fillIn()
	for _, b := range f.BARs {
		d.addKnownBAR(b)
	}
	for i := len(f.Capabilities) - 1; i >= 0; i-- { // each becomes the head of the list
		d.addKnownCapability(f.Capabilities[i])
	}
	d.offerKnown(d.layout())
	if f.IsExpress && d.exp == 0 && d.OnExpressBus() {
		if err := d.AddExpress(d.EndpointCap(0)); err != nil {
			d.Env().Log.Warn("capability left out", "device", d.Label(), "error", err)
		}
	}
	if add := d.layout().extended; add != nil && d.exp != 0 {
		add(d)
	}
}

func (d *Device) addKnownBAR(b catalog.BAR) {
	if b.Size <= 0 || b.Number < 0 || b.Number >= ROMBAR || d.bars[b.Number].region != nil {
		return // the option ROM is added by its own rules
	}
	kind := BARMem
	switch {
	case b.IO:
		kind = BARIO
	default:
		if b.Mem64 {
			kind |= BARMem64
		}
		if b.Prefetch {
			kind |= BARPrefetch
		}
	}
	r, l := new(memory.Region), d.layout()
	name := l.regions[b.Number]
	if name == "" {
		name = fmt.Sprintf("%s-bar%d", d.TypeName(), b.Number)
	}
	if l.vectors > 0 && l.bar == b.Number && l.table == 0 {
		r.Init(d.Env().Memory, &d.Object, name, uint64(b.Size))
	} else {
		r.InitIO(d.Env().Memory, &d.Object, memory.Funcs{}, name, uint64(b.Size))
	}
	for _, part := range l.parts[b.Number] {
		in := new(memory.Region)
		in.InitIO(d.Env().Memory, &d.Object, memory.Funcs{}, part.name, part.size)
		r.AddSubregion(part.at, in)
	}
	if err := d.RegisterBAR(b.Number, kind, r); err != nil {
		d.Env().Log.Warn("BAR left out", "device", d.Label(), "error", err)
	}
}

// addKnownCapability adds a capability of which only number and place are
// known; where this package models it, it works.
func (d *Device) addKnownCapability(c catalog.Capability) {
	var err error
	switch c.ID {
	case CapPM:
		err = d.AddPM(int(c.Offset))
		if p := d.layout().power; err == nil && p.capabilities != 0 {
			d.SetConfigWord(int(c.Offset)+2, p.capabilities)
			d.SetConfigWord(int(c.Offset)+4, p.state)
			d.SetWritable(int(c.Offset)+4, 2, uint32(p.write))
		}
	case CapMSI:
		err = d.InitMSI(MSI{Offset: int(c.Offset), Vectors: 1, Wide: true})
	case CapExpress:
		if !d.OnExpressBus() {
			return
		}
		err = d.AddExpress(d.EndpointCap(int(c.Offset)))
	case CapMSIX:
		if l := d.layout(); l.vectors > 0 {
			in := d.bars[l.bar].region
			err = d.InitMSIX(MSIX{Vectors: l.vectors, Table: in, PBA: in, TableBAR: l.bar, PBABAR: l.bar,
				TableOff: l.table, PBAOff: l.pending, Offset: int(c.Offset)})
			break
		}
		fallthrough
	default:
		_, err = d.AddCapability(c.ID, int(c.Offset), 4)
	}
	if err != nil {
		d.Env().Log.Warn("capability left out", "device", d.Label(), "error", err)
	}
}

// RealizeFromFacts gives the function what is known of its type: identity,
// capabilities and BARs that decode but answer nothing. Models call it whose
// own part lies elsewhere, in the buses or children they have.
func (d *Device) RealizeFromFacts() { d.realizeFromFacts() }
