package acpi

import "github.com/qomd/qomd/devices/memory"

// Bits of general-purpose event status that x86 machines use.
const (
	GPEPCIHotplug    = 1 << 1
	GPECPUHotplug    = 1 << 2
	GPEMemoryHotplug = 1 << 3
)

// GPE is a general-purpose event block: status registers, cleared by writing
// 1, followed by as many enable registers.
type GPE struct {
	status, enable []byte
	// Raised is called when an event became pending. May be nil.
	Raised func()
	// Changed is called whenever [GPE.Pending] may have changed. May be nil.
	Changed func()
}

// Pending reports whether an event is latched that the guest has enabled.
func (g *GPE) Pending() bool {
	for i, s := range g.status {
		if s&g.enable[i] != 0 {
			return true
		}
	}
	return false
}

func (g *GPE) changed() {
	if g.Changed != nil {
		g.Changed()
	}
}

// Init makes the registers, size bytes in all, half of them status. The region
// is made by the caller from [GPE.Read] and [GPE.Write].
func (g *GPE) Init(size int) {
	g.status, g.enable = make([]byte, size/2), make([]byte, size/2)
}

// Read implements [memory.Ops], byte by byte.
func (g *GPE) Read(addr uint64, _ int) uint64 {
	if b := g.at(addr); b != nil {
		return uint64(*b)
	}
	return 0
}

// Write implements [memory.Ops].
func (g *GPE) Write(addr uint64, _ int, val uint64) {
	defer g.changed()
	b := g.at(addr)
	switch {
	case b == nil:
		return
	case addr < uint64(len(g.status)):
		*b &^= byte(val)
	default:
		*b = byte(val)
		g.raise()
	}
}

func (g *GPE) at(addr uint64) *byte {
	n := uint64(len(g.status))
	switch {
	case addr < n:
		return &g.status[addr]
	case addr < 2*n:
		return &g.enable[addr-n]
	}
	return nil
}

// Send latches events of the first status register.
func (g *GPE) Send(bits byte) {
	defer g.changed()
	g.status[0] |= bits
	g.raise()
}

func (g *GPE) raise() {
	if g.Raised != nil && g.status[0] != 0 {
		g.Raised()
	}
}

// Reset clears status and enable.
func (g *GPE) Reset() {
	defer g.changed()
	clear(g.status)
	clear(g.enable)
}

// ByteRules are the access rules of GPE and other byte-wide register blocks:
// any size is valid, and handled byte by byte.
var ByteRules = memory.Rules{
	Valid: memory.Access{Min: 1, Max: 4, Unaligned: true},
	Impl:  memory.Access{Min: 1, Max: 1},
}
