package gdb

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/machine"
)

// process is the number of the one process whose threads the processors are.
// The number of a thread is that of its processor, and 1.
const process = 1

// thread is what a packet says of a thread.
type thread struct {
	index int64 // of the processor; -1: all of them
	known bool
}

func (t thread) exists() bool { return t.known }

// parseThread reads "p1.2", "2", "0" (any), "-1" (all); ok is false when the text
// is none of these.
func (s *Server) parseThread(text string) (t thread, ok bool) {
	all := thread{-1, true}
	if rest, multi := strings.CutPrefix(text, "p"); multi {
		pid, tid, more := strings.Cut(rest, ".")
		if pid == "-1" {
			return all, !more || tid == "-1"
		}
		n, ok := number(pid)
		if !ok {
			return t, false
		}
		if n != process && n != 0 {
			return t, true
		}
		if !more {
			return all, true
		}
		text = tid
	}
	if text == "-1" {
		return all, true
	}
	n, ok := number(text)
	if n == 0 {
		return thread{s.first(), s.first() >= 0}, ok
	}
	return thread{int64(n) - 1, s.processor(int64(n)-1) != nil}, ok
}

// processor returns the processor of an index, nil when there is none.
func (s *Server) processor(index int64) *machine.CPUSlot {
	for _, p := range s.m.Processors() {
		if p.Index == index {
			return p
		}
	}
	return nil
}

// indices lists the processors.
func (s *Server) indices() []int64 {
	var list []int64
	for _, p := range s.m.Processors() {
		list = append(list, p.Index)
	}
	return list
}

// first is the index of the first processor, -1 without any.
func (s *Server) first() int64 {
	for _, i := range s.indices() {
		return i
	}
	return -1
}

// threadID is the name of a processor's thread.
func (s *Server) threadID(index int64) string {
	if s.multiprocess {
		return fmt.Sprintf("p%02x.%02x", process, index+1)
	}
	return fmt.Sprintf("%02x", index+1)
}

// chooseThread serves H: what later packets are about.
func (s *Server) chooseThread(rest string) string {
	if len(rest) < 2 {
		return refused
	}
	t, ok := s.parseThread(rest[1:])
	if !ok || !t.exists() {
		return refused
	}
	into := &s.general
	switch rest[0] {
	case 'c':
		into = &s.current
	case 'g':
	default:
		return refused
	}
	if t.index >= 0 {
		*into = t.index
	}
	return okay
}

// nextThread lists the processor after the last that was listed.
func (s *Server) nextThread() string {
	list := s.indices()
	for i, index := range list {
		if index == s.listed && i+1 < len(list) {
			return s.listThread(list[i+1])
		}
	}
	return "l"
}

func (s *Server) listThread(index int64) string {
	s.listed = index
	return "m" + s.threadID(index)
}

// threadInfo says what a processor does.
func (s *Server) threadInfo(text string) string {
	t, ok := s.parseThread(text)
	if !ok || !t.exists() || t.index < 0 {
		return refused
	}
	state := "running"
	if t.index > 0 { // all but the first wait for it to start them
		state = "halted "
	}
	return hexText(fmt.Sprintf("CPU#%d [%s]", t.index, state))
}
