package hmp

import "github.com/qomd/qomd/devices/machine"

// session is what a monitor remembers from line to line; human-monitor-command
// has a new one each time.
type session struct {
	history *history // nil within QMP
	cpu     int64    // index of the processor that commands are about
}

// processor returns the processor that commands are about: the chosen one, or
// the first when that has gone; nil on a machine without any.
func (r *run) processor() *machine.CPUSlot {
	if p := r.h.processor(r.session.cpu); p != nil {
		return p
	}
	if list := r.h.m.Processors(); len(list) > 0 {
		return list[0]
	}
	return nil
}

// processor returns the processor of an index, nil when there is none.
func (h *Human) processor(index int64) *machine.CPUSlot {
	for _, p := range h.m.Processors() {
		if p.Index == index {
			return p
		}
	}
	return nil
}
