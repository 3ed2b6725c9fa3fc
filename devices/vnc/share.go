package vnc

import "errors"

// Sharing says what becomes of the others when a client wants the screen for
// itself.
type Sharing string

// The policies; the names are those of QEMU's option share.
const (
	// AllowExclusive hangs up on the others when a client comes that wants the
	// screen for itself; while it is there, nobody is let in who shares.
	AllowExclusive Sharing = "allow-exclusive"
	// ForceShared refuses who does not share.
	ForceShared Sharing = "force-shared"
	// IgnoreSharing lets everybody in.
	IgnoreSharing Sharing = "ignore"
)

// ParseSharing reads a policy; the empty text is the default. The error is QEMU's.
func ParseSharing(text string) (Sharing, error) {
	switch s := Sharing(text); s {
	case "":
		return AllowExclusive, nil
	case AllowExclusive, ForceShared, IgnoreSharing:
		return s, nil
	}
	return "", errors.New("unknown vnc share= option")
}

// admit decides about a client that says whether it shares, and hangs up on
// those who have to make room for it. The machine's lock is held.
func (s *Server) admit(c *client, shared bool) bool {
	sharing := 0
	for _, other := range s.clients {
		switch {
		case other.manner == undecided:
		case s.opts.Sharing == AllowExclusive && !shared:
			other.raw.Close()
		case s.opts.Sharing == AllowExclusive && other.manner == exclusive:
			return false
		case other.manner == sharer:
			sharing++
		}
	}
	switch {
	case !shared && s.opts.Sharing == ForceShared, shared && s.opts.Connections > 0 && sharing >= s.opts.Connections:
		return false
	case shared:
		c.manner = sharer
	default:
		c.manner = exclusive
	}
	s.tell("VNC_INITIALIZED", c) // before those who made room have gone
	return true
}

// manner is how a client takes part, once it has said so.
type manner uint8

const (
	undecided manner = iota
	sharer
	exclusive
)
