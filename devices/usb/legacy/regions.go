package legacy

import "github.com/qomd/qomd/devices/memory"

// Parts of an EHCI's BAR, EHCI 1.0 sections 2.2 and 2.3.
const (
	ehciCapSize    = 0x10
	ehciOper       = 0x20
	ehciOperSize   = 0x44
	ehciPorts      = ehciOper + ehciOperSize
	ehciNoDeadline = 0x80 // HCCPARAMS: how far ahead the schedule is read
)

func (c *Controller) initRegions() {
	sys, o := c.Env().Memory, &c.Object
	if c.kind != &ehci {
		c.bar.InitIO(sys, o, memory.Funcs{}, c.kind.name, c.kind.size)
		return
	}
	c.bar.Init(sys, o, c.kind.name, c.kind.size)
	c.caps.InitIO(sys, o, memory.Funcs{OnRead: ehciCapability}, "capabilities", ehciCapSize)
	c.oper.InitIO(sys, o, memory.Funcs{}, "operational", ehciOperSize)
	c.status.InitIO(sys, o, memory.Funcs{}, "ports", uint64(4*ehci.ports))
	c.bar.AddSubregion(0, &c.caps)
	c.bar.AddSubregion(ehciOper, &c.oper)
	c.bar.AddSubregion(ehciPorts, &c.status)
}

// ehciCapability answers the capability registers: length and version, number
// of ports, and how the schedule is read.
func ehciCapability(addr uint64, size int) uint64 {
	words := [...]uint64{0x0100<<16 | ehciOper, uint64(ehci.ports), ehciNoDeadline, 0}
	v := words[addr/4] >> (8 * (addr % 4))
	return v & (1<<(8*size) - 1)
}
