package gdb

import (
	"encoding/hex"
	"strings"

	"github.com/qomd/qomd/devices/memory"
)

// span reads "ADDRESS,LENGTH"; answer is what a text that is none gets.
func span(text string) (address, length uint64, answer string) {
	a, l, both := strings.Cut(text, ",")
	address, okA := number(a)
	length, okL := number(l)
	switch {
	case a == "" || !both || l == "":
		return 0, 0, refused
	case !okA || !okL:
		return 0, 0, unknown
	}
	return address, length, okay
}

func (s *Server) readMemory(text string) string {
	address, length, answer := span(text)
	if answer != okay {
		return answer
	}
	if length > maxPacket/2 {
		return refused
	}
	p := make([]byte, length)
	if s.m.MemorySpace().Read(address, p) != memory.OK {
		return notThere
	}
	return hex.EncodeToString(p)
}

// writeMemory serves "ADDRESS,LENGTH:DATA".
func (s *Server) writeMemory(text string) string {
	where, data, _ := strings.Cut(text, ":")
	address, length, answer := span(where)
	if answer != okay {
		return answer
	}
	p, err := hex.DecodeString(data)
	if err != nil || uint64(len(p)) < length {
		return refused
	}
	if s.m.MemorySpace().Write(address, p[:length]) != memory.OK {
		return notThere
	}
	return okay
}

// point is a breakpoint or watchpoint.
type point struct{ kind, address, length uint64 }

// lastKind is the last kind of points: software and hardware breakpoints, and
// watchpoints for writes, reads and both.
const lastKind = 4

// breakpoint serves Z and z, "KIND,ADDRESS,LENGTH": points are remembered, and
// nothing ever gets to one.
func (s *Server) breakpoint(add bool, text string) string {
	kind, where, _ := strings.Cut(text, ",")
	k, ok := number(kind)
	address, length, answer := span(where)
	switch p := (point{k, address, length}); {
	case answer != okay:
		return answer
	case !ok || k > lastKind:
		return unknown
	case add:
		s.points[p]++
	case s.points[p] == 0:
		return refused
	default:
		s.points[p]--
	}
	return okay
}
