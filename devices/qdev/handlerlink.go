package qdev

import (
	"reflect"

	"github.com/qomd/qomd/qom"
)

// setHandlerLink is what a client writes to a bus' link hotplug-handler: nobody,
// the machine, the handler the bus began with, or another device of that
// handler's kind. QEMU takes any handler, and ends itself when that one does not
// know the bus' devices; such a handler is refused here.
func setHandlerLink(o *qom.Object, in qom.Input) error {
	const name = "hotplug-handler"
	target, err := o.ResolveLink(name, name, in)
	if err != nil {
		return err
	}
	b := BusFrom(o)
	if target == b.hold.Object() {
		return nil
	}
	if target == nil {
		b.SetHandler(nil)
		return nil
	}
	h := b.handlerOf(target)
	if h == nil {
		return o.NotWritable(name)
	}
	b.SetHandler(h)
	return nil
}

// handlerOf answers as what target decides about the bus, nil when it cannot.
func (b *Bus) handlerOf(target *qom.Object) HotplugHandler {
	if h := b.Tree().Context.(*Env).MachineForBuses; h != nil && h.QOM() == target {
		return h
	}
	if b.first == nil {
		return nil
	}
	if b.first.QOM() == target {
		return b.first
	}
	h, _ := target.Self().(HotplugHandler)
	if reflect.TypeOf(target.Self()) != reflect.TypeOf(b.first.QOM().Self()) {
		return nil
	}
	_, asks := b.first.(UnplugRequester)
	if _, ok := h.(UnplugRequester); ok != asks {
		return nil // the handler is a part of the device
	}
	return h
}
