package net

import (
	"fmt"
	"slices"
	"strings"
)

// Describe lists hubs, cards and netdevs as HMP's "info network" does.
func (s *Stack) Describe() string {
	var b strings.Builder
	cards := s.cards()
	for _, h := range s.hubs {
		fmt.Fprintf(&b, "hub %d\n", h.id)
		for _, p := range h.ports {
			fmt.Fprintf(&b, " \\ %s", p.id)
			if line := s.peerLine(p, cards); line != "" {
				b.WriteString(": " + line)
			}
			b.WriteString("\n")
		}
	}
	type entry struct {
		at   position
		text string
	}
	var list []entry
	for _, c := range s.clients {
		if c.card == nil && !c.onHub() {
			list = append(list, entry{c.order, c.line() + "\n"})
		}
	}
	for _, n := range cards {
		c := n.peer()
		switch {
		case c == nil:
			list = append(list, entry{n.order, n.line() + "\n"})
		case !c.onHub():
			list = append(list, entry{n.order, n.line() + "\n \\ " + c.line() + "\n"})
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int { return a.at.compare(b.at) })
	for _, e := range list {
		b.WriteString(e.text)
	}
	return b.String()
}

// onHub reports whether the client is a port, or plugged into one.
func (c *Client) onHub() bool {
	_, port := c.backend.(*hubPort)
	return port || c.peer != nil
}

func (c *Client) line() string {
	return fmt.Sprintf("%s: index=0,type=%s,%s", c.id, c.typ, c.Info())
}

func (n *card) line() string {
	return fmt.Sprintf("%s: index=0,type=nic,model=%s,macaddr=%s", n.name, n.model, n.mac())
}

// peerLine describes what is plugged into a port.
func (s *Stack) peerLine(p *Client, cards []*card) string {
	for _, n := range cards {
		if n.peer() == p {
			return n.line()
		}
	}
	if p.peer != nil {
		return p.peer.line()
	}
	return ""
}

// Kinds lists the types of netdevs that can be made, as help on them does.
func Kinds() []string { return []string{"socket", "stream", "dgram", "hubport", "tap", "user"} }

// Cards lists the names of the cards, oldest first.
func (s *Stack) Cards() []string {
	var names []string
	for _, n := range s.cards() {
		names = append(names, n.name)
	}
	return names
}
