package net

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/qomd/qomd/devices/qdev"
)

// Announcement says how often cards tell the network where they are, as QEMU's
// AnnounceParameters.
type Announcement struct {
	Initial time.Duration // before the second round
	Max     time.Duration // between any two
	Rounds  int64
	Step    time.Duration // by which the time between rounds grows
	// Cards are the names of those that tell; nil: all.
	Cards []string
	ID    string // of the announcement; one of the same id is replaced
}

// announcers are the announcements under way, by id.
type announcers map[string]qdev.Timer

func (a announcers) stop() {
	for _, t := range a {
		t.Stop()
	}
	clear(a)
}

// Announce has cards announce themselves: at once, then again, in virtual time,
// until the rounds are over.
func (s *Stack) Announce(p Announcement) {
	if t := s.announce[p.ID]; t != nil {
		t.Stop()
	}
	s.announceRound(p, p.Rounds)
}

// announceRound sends one round and arranges the next; left counts this one.
func (s *Stack) announceRound(p Announcement, left int64) {
	for _, n := range s.cards() {
		if p.Cards != nil && !slices.Contains(p.Cards, n.name) {
			continue
		}
		if mac, ok := n.dev.Stored("mac").(qdev.MAC); ok {
			s.Send(&n.dev.Object, reverseARP(mac))
		}
	}
	if left--; left <= 0 {
		delete(s.announce, p.ID)
		return
	}
	if s.announce == nil {
		s.announce = announcers{}
	}
	wait := min(p.Max, p.Initial+time.Duration(p.Rounds-left-1)*p.Step)
	s.announce[p.ID] = s.env.Clock.AfterFunc(wait, func() { s.announceRound(p, left) })
}

// reverseARP is the frame that teaches switches where a card is: a request of
// RFC 903 in which the card asks for its own address.
func reverseARP(mac qdev.MAC) []byte {
	be := binary.BigEndian
	f := make([]byte, 0, 60)
	f = append(f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	f = append(f, mac[:]...)
	f = be.AppendUint16(f, 0x8035) // Reverse ARP
	f = be.AppendUint16(f, 1)      // Ethernet
	f = be.AppendUint16(f, 0x0800) // IPv4
	f = append(f, 6, 4)            // lengths of the two addresses
	f = be.AppendUint16(f, 3)      // request reverse
	f = append(append(f, mac[:]...), 0, 0, 0, 0)
	f = append(append(f, mac[:]...), 0, 0, 0, 0)
	return append(f, make([]byte, 60-len(f))...)
}
