package net

import (
	"fmt"
	"slices"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Linked is a model that acts on its link; the device's struct implements it.
type Linked interface{ SetLink(up bool) }

// Receiver is a model that takes frames from the network; the device's struct
// implements it. The frame is its own.
type Receiver interface{ ReceiveFrame(frame []byte) }

// card is a network card; it corresponds to a NICState.
type card struct {
	dev      *qdev.Device
	name     string // its id, or the model and a number
	model    string
	order    position
	linkDown bool
}

// cardKey is where a device keeps its card.
const cardKey = "network card"

// cards lists the realized network cards in the order they were made.
func (s *Stack) cards() []*card {
	var list []*card
	var walk func(*qdev.Bus)
	walk = func(bus *qdev.Bus) {
		if bus == nil {
			return
		}
		for _, d := range bus.Devices() {
			if d.Realized() && isCard(d) {
				list = append(list, cardOf(d))
			}
			for _, b := range d.Buses() {
				walk(b)
			}
		}
	}
	walk(s.env.SystemBus)
	slices.SortFunc(list, func(a, b *card) int { return a.order.compare(b.order) })
	for i, n := range list {
		if n.name == "" {
			n.name = freeName(list[:i], n.model)
		}
	}
	return list
}

// isCard tells a card from the transport of one, which has its properties too.
func isCard(d *qdev.Device) bool {
	class := d.Class()
	return class.Property("mac") != nil && class.Property("netdev") != nil && d.Child("virtio-backend") == nil
}

// cardOf returns the state of a card. One that sits in a transport has the name
// and model of that.
func cardOf(d *qdev.Device) *card {
	if n, ok := d.Stored(cardKey).(*card); ok {
		return n
	}
	shown := d
	if d.Name() == "virtio-backend" && d.Bus() != nil && d.Bus().Device() != nil {
		shown = d.Bus().Device()
	}
	n := &card{
		dev: d, name: shown.ID(), model: shown.TypeName(),
		order: position{generation: shown.Storage().Generation()},
	}
	d.Store(cardKey, n)
	return n
}

// freeName is the name of a card without an id: QEMU counts those of its model.
func freeName(before []*card, model string) string {
	number := 0
	for _, n := range before {
		if n.model == model {
			number++
		}
	}
	return fmt.Sprintf("%s.%d", model, number)
}

func (s *Stack) card(name string) *card {
	for _, n := range s.cards() {
		if n.name == name {
			return n
		}
	}
	return nil
}

// peer is the netdev of a card, nil for none.
func (n *card) peer() *Client {
	c, _ := qdev.BackendOf(&n.dev.Object, "netdev").(*Client)
	return c
}

// mac is the address of a card as text.
func (n *card) mac() string {
	if m, ok := n.dev.Stored("mac").(qdev.MAC); ok {
		return m.String()
	}
	return ""
}

// setCardLink sets the link of the card o and tells its model.
func (s *Stack) setCardLink(o *qom.Object, up bool) {
	d := qdev.From(o)
	if d == nil {
		return
	}
	cardOf(d).linkDown = !up
	if l, ok := d.Self().(Linked); ok {
		l.SetLink(up)
	}
}

// toCard hands a frame to a card.
func (s *Stack) toCard(o *qom.Object, frame []byte) {
	d := qdev.From(o)
	if d == nil || !d.Realized() || cardOf(d).linkDown {
		return
	}
	if r, ok := d.Self().(Receiver); ok {
		r.ReceiveFrame(slices.Clone(frame))
	}
}

// Send takes a frame that the card o sends. The lock of the machine is held.
func (s *Stack) Send(o *qom.Object, frame []byte) {
	d := qdev.From(o)
	if d == nil || cardOf(d).linkDown {
		return
	}
	if c := cardOf(d).peer(); c != nil {
		c.transmit(frame)
	}
}
