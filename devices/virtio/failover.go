package virtio

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
)

// standby is the virtio half of a failover pair: a network card that takes over
// while the other one, the primary, is away for a migration. The primary is not
// made before a driver accepts VIRTIO_NET_F_STANDBY (VIRTIO 1.2 section 5.1.3),
// since others would see two cards with one address.
type standby struct {
	primary *qdev.Request // nil: none was asked for
	shown   bool          // a driver knows of the pair
	remove  func()        // nil: the card is no standby
}

// failoverNegotiated is the data of FAILOVER_NEGOTIATED.
type failoverNegotiated struct {
	DeviceID string `json:"device-id"`
}

// Hide implements [qdev.Hider].
func (n *Net) Hide(r qdev.Request) (bool, error) {
	pair, _ := r.Props.Get("failover_pair_id")
	id := n.proxy.ID()
	if id == "" || pair != id {
		return false, nil
	}
	if !r.HasID {
		return false, errors.New("Device with failover_pair_id needs to have id")
	}
	switch old := n.standby.primary; {
	case old == nil:
		n.standby.primary = &r
	case old.ID != r.ID:
		return false, fmt.Errorf("Cannot attach more than one primary device to '%s': '%s' and '%s'", id, old.ID, r.ID)
	}
	return !n.standby.shown, nil
}

// Primary implements [qdev.Hider].
func (n *Net) Primary() *qdev.Device {
	r := n.standby.primary
	if r == nil || !n.standby.shown {
		return nil
	}
	d, err := qdev.Find(n.Env(), r.ID)
	if err != nil {
		return nil
	}
	return d
}

// startStandby makes the card wait for a primary, if it is to have one.
func (n *Net) startStandby() {
	if n.StoredBool("failover") {
		n.standby.remove = n.Env().AddHider(n)
	}
}

// ExitVirtio implements [Exiter].
func (n *Net) ExitVirtio() {
	if n.standby.remove != nil {
		n.standby.remove()
	}
	n.standby = standby{}
}

// FeaturesAccepted implements [FeatureWatcher]: a driver that knows of the pair
// gets its primary.
func (n *Net) FeaturesAccepted() {
	if n.Accepted(netFeatureStandby) {
		n.joinPrimary()
	}
}

// joinPrimary tells that the driver knows of the pair, and plugs the primary.
func (n *Net) joinPrimary() {
	env := n.Env()
	env.Emit("FAILOVER_NEGOTIATED", failoverNegotiated{n.proxy.ID()})
	n.standby.shown = true
	if n.standby.primary == nil {
		env.Log.Warn("primary device not found", "standby", n.Holder())
		return
	}
	if _, err := qdev.Add(env, *n.standby.primary); err != nil {
		env.Log.Warn("primary device not plugged", "standby", n.Holder(), "error", err)
		n.standby.primary = nil
	}
}
