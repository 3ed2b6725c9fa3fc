package net

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/guard"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// Stack is the network of one machine.
type Stack struct {
	// Do runs a function under the machine's lock.
	Do func(func())
	// Emit sends an event to the monitors.
	Emit func(name string, data any)
	// Log may be nil.
	Log *slog.Logger
	// FDs are the files of clients; nil: there are none.
	FDs chardev.Descriptors
	// Chardevs are what vhost-user names; nil: there are none.
	Chardevs *chardev.Set

	env      *qdev.Env
	clients  []*Client // in order of creation
	hubs     []*hub    // newest first
	named    int       // names made up
	newName  string    // the last of them, which no user could give
	wg       sync.WaitGroup
	announce announcers
}

// NewStack returns the network of the machine that env is of. do runs a
// function under the machine's lock, emit sends an event.
func NewStack(env *qdev.Env, do func(func()), emit func(string, any)) *Stack {
	return &Stack{env: env, Do: do, Emit: emit, Log: env.Log}
}

// position orders clients and cards by when they were made: by the number of
// the newest object there was.
type position struct {
	generation uint64
	client     bool // clients come after the card with that number
}

func (p position) compare(q position) int {
	if c := cmp.Compare(p.generation, q.generation); c != 0 {
		return c
	}
	switch {
	case p.client == q.client:
		return 0
	case p.client:
		return 1
	}
	return -1
}

// now is the position of what is made next.
func (s *Stack) now() position {
	for storage := range s.env.Tree.Storages() {
		return position{storage.Generation(), true}
	}
	return position{client: true}
}

// notCompiled are types that the schema has and QEMU's x86 binary has not.
var notCompiled = map[string]bool{"nic": true, "none": true, "netmap": true}

// Add makes a netdev of netdev_add's arguments, or -netdev's.
func (s *Stack) Add(args *qjson.Object) (*Client, error) {
	o := options{args}
	id, typ := o.text("id"), o.text("type")
	switch {
	case !qdev.ValidID(id) && (id == "" || id != s.newName):
		return nil, errors.New("Parameter 'id' expects an identifier")
	case notCompiled[typ]:
		return nil, fmt.Errorf("network backend '%s' is not compiled into this binary", typ)
	case s.find(id) != nil || s.card(id) != nil:
		return nil, fmt.Errorf("Duplicate ID '%s'", id)
	}
	c := &Client{stack: s, id: id, typ: typ, order: s.now()}
	b, err := s.open(c, o)
	if err != nil {
		return nil, err
	}
	c.backend = b
	s.clients = append(s.clients, c)
	if r, ok := b.(interface{ run(*Client) }); ok {
		s.wg.Go(func() { guard.Run(s.Log, "netdev "+c.id, func() error { r.run(c); return nil }) })
	}
	return c, nil
}

// AddOptions is Add for what was given in QEMU's older option syntax. QEMU then
// notes the id twice, and [Stack.InOptions] reports it.
func (s *Stack) AddOptions(args *qjson.Object) error {
	c, err := s.Add(args)
	if err == nil {
		c.inOptions = true
	}
	return err
}

// InOptions reports whether a netdev of that id was made of options.
func (s *Stack) InOptions(id string) bool {
	c := s.find(id)
	return c != nil && c.inOptions
}

// open opens the backend of c. It does not block.
func (s *Stack) open(c *Client, o options) (backend, error) {
	switch c.typ {
	case "user":
		return openUser(o)
	case "hubport":
		return s.openHubPort(c, o)
	case "stream":
		return s.openStream(o)
	case "dgram":
		return s.openDatagram(o)
	case "socket":
		return s.openSocket(o)
	case "tap":
		return s.openTap(o)
	}
	return nil, s.refuse(c.typ, o)
}

// find returns the netdev of that id, nil when there is none.
func (s *Stack) find(id string) *Client {
	for _, c := range s.clients {
		if c.id == id {
			return c
		}
	}
	return nil
}

// Netdev finds what a card's property names; nil when there is none.
func (s *Stack) Netdev(id string) qdev.Backend {
	if c := s.find(id); c != nil {
		return c
	}
	return nil
}

// Clients lists the netdevs in order of creation.
func (s *Stack) Clients() []*Client { return slices.Clone(s.clients) }

// Del removes a netdev, whether or not it is in use.
func (s *Stack) Del(id string) error {
	c := s.find(id)
	if c == nil {
		return &qom.NotFoundError{Path: id}
	}
	s.clients = slices.DeleteFunc(s.clients, func(o *Client) bool { return o == c })
	for _, f := range object.Filters(s.env.Tree, id) {
		f.Unparent()
	}
	if c.card != nil {
		c.deleted = true
		s.setCardLink(c.card, false)
		return nil
	}
	s.free(c)
	return nil
}

func (s *Stack) free(c *Client) {
	if c.peer != nil {
		c.peer.peer, c.peer = nil, nil
	}
	c.backend.close()
}

// SetLink sets the link of a card or a netdev.
func (s *Stack) SetLink(name string, up bool) error {
	if c := s.find(name); c != nil {
		c.linkDown = !up
		if c.card != nil {
			s.setCardLink(c.card, up)
		}
		return nil
	}
	if n := s.card(name); n != nil {
		s.setCardLink(&n.dev.Object, up)
		return nil
	}
	return &qom.NotFoundError{Path: name}
}

// Unused lists the warnings of QEMU about cards and netdevs without a peer, in
// order of creation.
func (s *Stack) Unused() []string {
	type entry struct {
		at   position
		text string
	}
	var list []entry
	for _, c := range s.clients {
		if c.card == nil && c.peer == nil {
			list = append(list, entry{c.order, "netdev " + c.id + " has no peer"})
		}
	}
	for _, n := range s.cards() {
		if n.peer() == nil {
			list = append(list, entry{n.order, "nic " + n.name + " has no peer"})
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int { return a.at.compare(b.at) })
	texts := s.unusedHubs()
	for _, e := range list {
		texts = append(texts, e.text)
	}
	return texts
}

// unusedHubs lists the warnings about hubs.
func (s *Stack) unusedHubs() []string {
	var texts []string
	for _, h := range s.hubs {
		card, host := false, false
		for _, port := range h.ports {
			switch {
			case port.card != nil:
				card = true
			case port.peer != nil:
				host = true
			default:
				texts = append(texts, "hub port "+port.id+" has no peer")
			}
		}
		switch {
		case host && !card:
			texts = append(texts, fmt.Sprintf("hub %d with no nics", h.id))
		case card && !host:
			texts = append(texts, fmt.Sprintf("hub %d is not connected to host network", h.id))
		}
	}
	return texts
}

// NewName returns a name for a netdev that got none.
func (s *Stack) NewName() string {
	s.newName = fmt.Sprintf("#net%d%02d", s.named, (s.named*37+11)%100)
	s.named++
	return s.newName
}

// Close closes every backend and waits for their goroutines. It must be called
// without the machine's lock.
func (s *Stack) Close() {
	s.Do(func() {
		s.announce.stop()
		for _, c := range s.clients {
			c.backend.close()
		}
		for _, n := range s.cards() {
			if c := n.peer(); c != nil {
				c.backend.close()
			}
		}
	})
	s.wg.Wait()
}
