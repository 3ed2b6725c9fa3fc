package block

import (
	"errors"
	"fmt"
	"strconv"
)

// drivePlace is where a drive is connected, or would be.
type drivePlace struct {
	iface     string
	bus, unit int
}

// drivesPerBus is how many drives a bus of an interface takes; others have one
// bus without end.
var drivesPerBus = map[string]int{"ide": 2, "scsi": 7}

// drivePlace reads where a drive is to be; what is left open is the next free
// place.
func (g *Graph) drivePlace(d *driveOptions, iface string) (drivePlace, error) {
	at := drivePlace{iface: iface}
	most := drivesPerBus[iface]
	var given [3]bool
	var numbers [3]int
	for i, key := range []string{"bus", "unit", "index"} {
		v, ok := d.take(key)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(v, 0, 31)
		if err != nil {
			return at, fmt.Errorf("Parameter '%s' expects a number", key)
		}
		given[i], numbers[i] = true, int(n)
	}
	at.bus, at.unit = numbers[0], numbers[1]
	index := numbers[2]
	switch {
	case given[2] && (at.bus != 0 || given[1]):
		return at, errors.New("index cannot be used with bus and unit")
	case given[2]:
		at = at.indexed(index)
	case !given[1]:
		for g.driveAt(at) != nil {
			if at.unit++; most != 0 && at.unit >= most {
				at.unit, at.bus = at.unit-most, at.bus+1
			}
		}
	case most != 0 && at.unit >= most:
		return at, fmt.Errorf("unit %d too big (max is %d)", at.unit, most-1)
	}
	if g.driveAt(at) != nil {
		return at, fmt.Errorf("drive with bus=%d, unit=%d (index=%d) exists", at.bus, at.unit, index)
	}
	return at, nil
}

// indexed returns the place of a number counted over all busses.
func (p drivePlace) indexed(index int) drivePlace {
	if most := drivesPerBus[p.iface]; most != 0 {
		return drivePlace{p.iface, index / most, index % most}
	}
	return drivePlace{p.iface, 0, index}
}

func (g *Graph) driveAt(p drivePlace) *Backend {
	for _, b := range g.backends {
		if b.legacy && b.place == p {
			return b
		}
	}
	return nil
}

// name makes the id of a drive that was given none: "none0", "ide0-hd0".
func (p drivePlace) name(d *driveOptions) string {
	media := ""
	if p.iface == "ide" || p.iface == "scsi" {
		media = "-hd"
		if m, _ := text(d.o, "media"); m == "cdrom" {
			media = "-cd"
		}
	}
	if drivesPerBus[p.iface] != 0 {
		return fmt.Sprintf("%s%d%s%d", p.iface, p.bus, media, p.unit)
	}
	return fmt.Sprintf("%s%s%d", p.iface, media, p.unit)
}
