package gdb

import "strings"

// goOn lets the machine run. There is no answer until it stops.
func (s *Server) goOn() string {
	_ = s.m.Cont() // one that cannot run stays as it is, and QEMU says nothing either
	return silent
}

// goOnAt is [Server.goOn] from an address, if there is one.
func (s *Server) goOnAt(address string) string {
	if address != "" {
		n, ok := number(address)
		if !ok {
			return unknown
		}
		s.setPC(n)
	}
	s.owed = true
	return s.goOn()
}

// vCont says what each thread is to do: "c:p1.2;s". The first action that names a
// thread counts. All processors go on together, so that only the names are of
// interest: the last one is the processor that is told of when they stop.
func (s *Server) vCont(actions string) string {
	seen := map[int64]bool{}
	for action := range strings.SplitSeq(actions, ";") {
		what, where, named := strings.Cut(action, ":")
		if !validAction(what) {
			return unknown
		}
		chosen := s.indices()
		if named {
			t, ok := s.parseThread(where)
			if !ok || !t.exists() {
				return refused
			}
			if t.index >= 0 {
				chosen = []int64{t.index}
			}
		}
		for _, i := range chosen {
			if !seen[i] {
				seen[i], s.current = true, i
			}
		}
	}
	s.owed = true
	return s.goOn()
}

// validAction reports whether an action is to go on or to step, perhaps with a
// signal, which has no meaning here.
func validAction(what string) bool {
	if what == "c" || what == "s" {
		return true
	}
	if len(what) < 2 || what[0] != 'C' && what[0] != 'S' {
		return false
	}
	_, ok := number(what[1:])
	return ok
}

// detach lets the debugger leave: the machine goes on.
func (s *Server) detach(rest string) string {
	pid, named := strings.CutPrefix(rest, ";")
	if n, ok := number(pid); named && (!ok || n != process) || !named && s.multiprocess {
		return refused
	}
	clear(s.points)
	s.attached = false
	s.current, s.general = -1, -1
	s.goOn()
	return okay
}
