package block

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Wiring is how a machine connects drives.
type Wiring struct {
	Interface string // of drives that name none
	IDEUnits  int    // how many drives an IDE bus takes; 0 means 2
}

// Place is where a drive is connected, or would be.
type Place struct {
	Interface string // "ide", "floppy", "virtio", ..., "none"
	Bus, Unit int
}

// perBus is how many drives a bus of an interface takes; 0 means that it has one
// bus without end.
func (w Wiring) perBus(iface string) int {
	switch iface {
	case "ide":
		return cmp.Or(w.IDEUnits, 2)
	case "scsi":
		return 7
	}
	return 0
}

// drivePlace reads where a drive is to be; what is left open is the next free
// place.
func (g *Graph) drivePlace(d *driveOptions, w Wiring, iface string) (Place, error) {
	at := Place{Interface: iface}
	most := w.perBus(iface)
	var given [3]bool
	var numbers [3]int
	for i, key := range []string{"bus", "unit", "index"} {
		v, ok := d.take(key)
		if !ok {
			continue
		}
		n, err := wrapped(v)
		if err != nil {
			return at, fmt.Errorf("Parameter '%s' expects a number", key)
		}
		given[i], numbers[i] = key != "index" || n != -1, n
	}
	at.Bus, at.Unit = numbers[0], numbers[1]
	index := numbers[2]
	switch {
	case given[2] && (at.Bus != 0 || given[1]):
		return at, errors.New("index cannot be used with bus and unit")
	case given[2]:
		at = w.indexed(iface, index)
	case !given[1]:
		for g.driveAt(at) != nil {
			if at.Unit++; most != 0 && at.Unit >= most {
				at.Unit, at.Bus = at.Unit-most, at.Bus+1
			}
		}
	case most != 0 && at.Unit >= most:
		return at, fmt.Errorf("unit %d too big (max is %d)", at.Unit, most-1)
	}
	if g.driveAt(at) != nil {
		return at, fmt.Errorf("drive with bus=%d, unit=%d (index=%d) exists", at.Bus, at.Unit, index)
	}
	return at, nil
}

// wrapped reads a number as QEMU keeps it: in an int, whatever was given.
func wrapped(v string) (int, error) {
	digits, negative := strings.CutPrefix(v, "-")
	n, err := strconv.ParseUint(digits, 0, 64)
	if negative {
		n = -n
	}
	return int(int32(n)), err
}

// indexed returns the place of a number counted over all busses.
func (w Wiring) indexed(iface string, index int) Place {
	if most := w.perBus(iface); most != 0 {
		return Place{iface, index / most, index % most}
	}
	return Place{iface, 0, index}
}

// DriveAt returns the drive with a number counted over all busses of its
// interface, nil when there is none.
func (g *Graph) DriveAt(w Wiring, iface string, index int) *Backend {
	return g.driveAt(w.indexed(iface, index))
}

func (g *Graph) driveAt(p Place) *Backend {
	for _, b := range g.backends {
		if b.legacy && b.place == p {
			return b
		}
	}
	return nil
}

// name makes the id of a drive that was given none: "none0", "ide0-hd0".
func (p Place) name(d *driveOptions, w Wiring) string {
	media := ""
	if p.Interface == "ide" || p.Interface == "scsi" {
		media = "-hd"
		if m, _ := text(d.o, "media"); m == "cdrom" {
			media = "-cd"
		}
	}
	if w.perBus(p.Interface) != 0 {
		return fmt.Sprintf("%s%d%s%d", p.Interface, p.Bus, media, p.Unit)
	}
	return fmt.Sprintf("%s%s%d", p.Interface, media, p.Unit)
}
