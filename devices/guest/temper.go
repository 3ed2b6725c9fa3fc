package guest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Answer is what a guest does when it is asked to let a device go.
type Answer string

// The answers.
const (
	// Accept lets the device go.
	Accept Answer = "accept"
	// Ignore leaves the request where it is, as a guest without a driver for
	// the mechanism does.
	Ignore Answer = "ignore"
	// Refuse takes note and keeps the device. Where the mechanism can say so
	// (the _OST of memory and processors) the guest does.
	Refuse Answer = "refuse"
	// Busy begins and does not finish: the power indicator keeps blinking, on
	// arrival as well as on departure.
	Busy Answer = "busy"
	// Die begins, and then the guest never does anything again until reset.
	Die Answer = "die"
	// Hang is dead from the start: nothing is ever touched.
	Hang Answer = "hang"
	// Eject lets the device go, and does so by itself once it has arrived:
	// somebody chose "safely remove" inside the guest.
	Eject Answer = "eject"
	// Surprise is Eject without any manners: power goes away under the driver,
	// whatever indicator and release time say.
	Surprise Answer = "surprise"
	// Misread takes the attention button of an arrival for the wish to remove,
	// as a guest does that found the device by itself before.
	Misread Answer = "misread"
)

// Answers lists all answers.
func Answers() []Answer {
	return []Answer{Accept, Ignore, Refuse, Busy, Die, Hang, Eject, Surprise, Misread}
}

// ParseAnswer finds an answer by name; the empty name is Accept.
func ParseAnswer(name string) (Answer, error) {
	if name == "" {
		return Accept, nil
	}
	if slices.Contains(Answers(), Answer(name)) {
		return Answer(name), nil
	}
	names := make([]string, 0, len(Answers()))
	for _, a := range Answers() {
		names = append(names, string(a))
	}
	return "", fmt.Errorf("unknown temper '%s', known are %s", name, strings.Join(names, ", "))
}

// Temper is how a guest treats a device. All times are virtual.
type Temper struct {
	Answer Answer // empty: Accept
	// Delay passes before the guest reacts to a request, plus a random part of
	// Jitter.
	Delay, Jitter time.Duration
	// Release passes between the reaction and the end: a driver that is slow to
	// let go. The power indicator blinks meanwhile.
	Release time.Duration
	// PowerOn is how long the power indicator blinks for a device that comes.
	PowerOn time.Duration
	// Requests is how many reads the driver of a disk gets under way when it
	// starts, when this changes and when it begins to let go. It does not let go
	// before they have come back.
	Requests int
}

func (t Temper) answer() Answer {
	if t.Answer == "" {
		return Accept
	}
	return t.Answer
}

// own reports whether the guest ejects by itself what comes.
func (t Temper) own() bool { return t.Answer == Eject || t.Answer == Surprise }

// Place is where a guest sees a device: what its registers say, and nothing
// else.
type Place struct {
	Kind PlaceKind
	Bus  uint32 // bus selector of ACPI, or number of the bus of a port or of slots
	Slot uint32 // slot number, or device and function number of a port
}

// PlaceKind is the mechanism that a place belongs to.
type PlaceKind uint8

// The kinds of places.
const (
	ACPISlot   PlaceKind = iota + 1 // slot of a bus selector
	PortSlot                        // slot behind a PCI Express port
	DIMMSlot                        // memory slot
	Processor                       // processor slot
	BridgeSlot                      // slot of a bridge's standard hot-plug controller
)
