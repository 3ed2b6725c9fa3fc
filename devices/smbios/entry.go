package smbios

import (
	"fmt"
	"strconv"
)

// Entry is one use of -smbios: a structure from a file, or members of one.
type Entry struct {
	Type  int
	File  []byte // the whole structure; nil: members
	Pairs []Pair // in the order given, the paths of type 11 as the texts behind them
}

// Pair is a member with its value.
type Pair struct{ Name, Value string }

// members are what was said about one type of structure.
type members []Entry

// text returns the last value of a member, or what there is without one.
func (m members) text(name, without string) string {
	for _, e := range m {
		for _, p := range e.Pairs {
			if p.Name == name && p.Value != "" {
				without = p.Value
			}
		}
	}
	return without
}

// number is text for numbers, which have been checked; they may be hexadecimal.
func (m members) number(name string, without uint64) uint64 {
	if n, err := strconv.ParseUint(m.text(name, ""), 0, 64); err == nil {
		return n
	}
	return without
}

// flag is text for truth values.
func (m members) flag(name string, without bool) bool {
	switch m.text(name, "") {
	case "on", "yes", "true", "y":
		return true
	case "off", "no", "false", "n":
		return false
	}
	return without
}

// release is the two numbers of "release" of type 0.
func (m members) release() (major, minor byte) {
	fmt.Sscanf(m.text("release", ""), "%d.%d", &major, &minor)
	return major, minor
}
