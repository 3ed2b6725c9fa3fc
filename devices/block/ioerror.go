package block

import (
	"errors"
	"syscall"
)

type ioErrorEvent struct {
	Path      string `json:"qom-path"`
	Device    string `json:"device"`
	Node      string `json:"node-name,omitempty"`
	Operation string `json:"operation"`
	Action    string `json:"action"`
	NoSpace   bool   `json:"nospace"`
	Reason    string `json:"reason"`
}

// complain tells by an event that the host failed a request of a device. The
// property rerror or werror may have it passed over; otherwise the guest is
// given the error. Nothing stops the machine for it.
func (b *Backend) complain(k accountKind, err error) {
	if b.device == nil {
		return
	}
	operation, property := "write", "werror"
	if k == accountRead {
		operation, property = "read", "rerror"
	}
	action := "report"
	if b.device.StoredString(property) == "ignore" {
		action = "ignore"
	}
	e := ioErrorEvent{
		Path: b.device.Path(), Device: b.id, Operation: operation, Action: action,
		NoSpace: errors.Is(err, syscall.ENOSPC), Reason: reason(err),
	}
	if n := b.Node(); n != nil {
		e.Node = n.name
	}
	b.g.emit("BLOCK_IO_ERROR", e)
}
