package qdev

import (
	"fmt"
	"slices"
)

// A Hider is the standby of a failover pair: it keeps its primary device from being
// made until the guest knows what to do with both, QEMU's hide_device listener.
type Hider interface {
	// Hide reports whether what is asked for stays hidden. The hider keeps the
	// request and adds the device itself when the time has come.
	Hide(r Request) (bool, error)
	// Primary returns the device once it is made, nil before.
	Primary() *Device
}

// AddHider has h asked about devices that name a standby; remove ends that.
func (env *Env) AddHider(h Hider) (remove func()) {
	env.hiders = append(env.hiders, h)
	return func() { env.hiders = slices.DeleteFunc(env.hiders, func(o Hider) bool { return o == h }) }
}

// hide asks the hiders about a request for a device on bus.
func (env *Env) hide(r Request, bus *Bus) (bool, error) {
	if !r.Props.Has("failover_pair_id") {
		return false, nil
	}
	for _, h := range env.hiders {
		hidden, err := h.Hide(r)
		if hidden && bus != nil && !bus.Hotpluggable() {
			err = fmt.Errorf("Bus '%s' does not support hotplugging", bus.name)
		}
		if hidden || err != nil {
			return hidden, err
		}
	}
	return false, nil
}
