package chipset

import (
	"strconv"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/pci"
	"github.com/qomd/qomd/qom"
)

// part describes one fixed device. Parts are made in the order of their list,
// which numbers the device[N] and the child[N] of buses.
type part struct {
	as    string // key for later parts, empty for none
	in    string // key of the composition parent; empty: /machine/unattached
	name  string // in the parent; empty: the next device[N]
	typ   string
	bus   string // key of the bus it sits on: "sysbus" or one that a part offers
	devfn uint8
	multi bool     // PCI: multifunction
	slot  Slot     // instead of all this: a place for what is not always there
	with  []string // properties of the machine without which it is left out
	pins  []int    // inputs of the board that nobody else leads to

	values  []value
	links   []value // link properties, by key of the part
	buses   []bus
	gpios   []gpio
	wires   []*qom.Property // interrupt lines that leave it
	regions []region
	config  []patch
	caps    []capability // oldest first
}

// setting is a value that a property of the machine says, which is on or off.
type setting struct {
	property string
	usual    bool // when nothing was asked
}

// Slot is a place in the making of a board where QEMU puts devices that a
// machine may do without; its place says what numbers they get.
type Slot string

// The slots of boards.
const (
	SlotDrives   Slot = "drives"   // on the IDE buses
	SlotDisplay  Slot = "display"  // the graphics adapter
	SlotPorts    Slot = "ports"    // serial and parallel ports
	SlotFloppies Slot = "floppies" // the floppy controller where the board has none, and its drives
	SlotUSB      Slot = "usb"      // the USB controllers of the chipset
	SlotNetwork  Slot = "network"  // the network card
)

// value is a property and what it shows.
type value struct {
	name string
	v    any
}

// bus is a bus that a part offers, n times with automatic names when n is set.
type bus struct {
	as, typ, name string
	n, max        int
}

// gpio is n interrupt lines, children of type irq.
type gpio struct {
	names []string
	n     int
}

// patch is bytes of a configuration space.
type patch struct {
	at    int
	bytes string
}

// capability of a PCI part: its bytes from the third on, read-only; for MSI none,
// since it works.
type capability struct {
	id      uint8
	at      int
	content string
}

// kind of a region.
type kind uint8

const (
	portsOrMMIO kind = iota
	container
	rom
	alias
	aliasReadOnly
)

// region is a memory region of a part. Regions are known by their names within
// the part, and to it alone; those of the board are "system", "io", "pci" and
// "ram".
type region struct {
	name     string
	size     uint64
	kind     kind
	in       string // name of the container, empty for none
	at       uint64
	priority int32
	off      bool   // not enabled
	ports    bool   // one of a list of ports
	target   string // of an alias
	offset   uint64
	ops      func(*Board) memory.Ops // nil: reads 0
	bar      bool                    // is BAR number of a PCI part
	number   int
	barKind  pci.BARKind
}

const (
	kib = uint64(1) << 10
	gib = uint64(1) << 30
	all = ^uint64(0)
)

// names makes the names stem[0] to stem[n-1].
func names(stem string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = stem + "[" + strconv.Itoa(i) + "]"
	}
	return list
}

var (
	inputs    = names("unnamed-gpio-in", 24)
	boardPins = names("non-qdev-gpio", 28)
	kbdIRQ    = []string{"ps2-kbd-input-irq[0]"}
	mouseIRQ  = []string{"ps2-mouse-input-irq[0]"}
	updateIRQ = []string{"update-irq"}
)
