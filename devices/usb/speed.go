package usb

import "strings"

// Speed is the rate a device signals at.
type Speed uint8

// The speeds of USB 1.0 to 3.0, slowest first.
const (
	LowSpeed   Speed = iota // 1.5 Mb/s
	FullSpeed               // 12 Mb/s
	HighSpeed               // 480 Mb/s
	SuperSpeed              // 5000 Mb/s
)

var speeds = [...]struct{ name, rate string }{
	LowSpeed: {"low", "1.5"}, FullSpeed: {"full", "12"}, HighSpeed: {"high", "480"}, SuperSpeed: {"super", "5000"},
}

// String names the speed as the USB specification does.
func (s Speed) String() string {
	if int(s) < len(speeds) {
		return speeds[s].name
	}
	return "unknown"
}

// Rate is the speed in Mb/s as "info usb" prints it.
func (s Speed) Rate() string {
	if int(s) < len(speeds) {
		return speeds[s].rate
	}
	return "?"
}

// SpeedMask is a set of speeds.
type SpeedMask uint8

// Mask returns the set of the speeds given.
func Mask(list ...Speed) SpeedMask {
	var m SpeedMask
	for _, s := range list {
		m |= 1 << s
	}
	return m
}

// The sets that ports have.
const (
	USB1Mask = SpeedMask(1<<LowSpeed | 1<<FullSpeed)
	USB2Mask = USB1Mask | 1<<HighSpeed
	USB3Mask = SpeedMask(1 << SuperSpeed)
)

// Has reports whether the set contains s.
func (m SpeedMask) Has(s Speed) bool { return m&(1<<s) != 0 }

// Fastest returns the fastest speed of the set, false when it is empty.
func (m SpeedMask) Fastest() (Speed, bool) {
	for s := int(SuperSpeed); s >= 0; s-- {
		if m.Has(Speed(s)) {
			return Speed(s), true
		}
	}
	return 0, false
}

// String lists the speeds as QEMU's messages do: fastest first, joined by "+".
func (m SpeedMask) String() string {
	var names []string
	for s := int(SuperSpeed); s >= 0; s-- {
		if m.Has(Speed(s)) {
			names = append(names, Speed(s).String())
		}
	}
	if names == nil {
		return "unknown"
	}
	return strings.Join(names, "+")
}
