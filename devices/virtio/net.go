package virtio

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/nic"
	"github.com/qomd/qomd/devices/qdev"
)

// Features of network devices, VIRTIO 1.2 section 5.1.3, that need nothing of
// the network behind, with the properties that govern them.
var netFeatures = []struct {
	property string
	bit      uint
}{
	{"ctrl_guest_offloads", 2}, {"mrg_rxbuf", 15}, {"status", 16}, {"ctrl_vq", netFeatureControl},
	{"ctrl_rx", 18}, {"ctrl_vlan", 19}, {"ctrl_rx_extra", 20}, {"guest_announce", 21},
	{"mq", netFeatureMQ}, {"ctrl_mac_addr", 23}, {"failover", netFeatureStandby},
}

const (
	netFeatureMTU     = 3
	netFeatureMAC     = 5
	netFeatureControl = 17
	netFeatureMQ      = 22
	netFeatureStandby = 62
	netFeatureSpeed   = 63

	netControlQueue = 64 // size
	netMaxClass     = 5  // of control commands
)

// Net is virtio-net-device. What the guest sends vanishes; nothing comes in.
type Net struct {
	Device
	mac      qdev.MAC
	sent     uint64
	linkDown bool
	standby  standby
}

// Vectors implements [VectorUser]: one per queue, control and configuration.
func (n *Net) Vectors() uint32 { return 4 }

// RealizeVirtio implements [Model].
func (n *Net) RealizeVirtio() error {
	o := &n.Object
	rx, tx := o.StoredUint("rx_queue_size"), o.StoredUint("tx_queue_size")
	if d := o.StoredString("duplex"); d != "" && d != "half" && d != "full" {
		return errors.New("'duplex' must be 'half' or 'full'")
	}
	if v, _ := o.Stored("speed").(int64); v < -1 {
		return errors.New("'speed' must be between 0 and INT_MAX")
	}
	if rx < 256 || rx > maxQueue || rx&(rx-1) != 0 {
		return fmt.Errorf("Invalid rx_queue_size (= %d), must be a power of 2 between 256 and 1024.", rx)
	}
	if tx != 256 {
		return fmt.Errorf("Invalid tx_queue_size (= %d), must be a power of 2 between 256 and 256", tx)
	}
	n.mac = nic.Address(n.Qdev())
	n.Offer(netFeatureMAC)
	for _, f := range netFeatures {
		n.OfferIf(f.property, f.bit)
	}
	if o.StoredUint("host_mtu") != 0 {
		n.Offer(netFeatureMTU)
	}
	if v, _ := o.Stored("speed").(int64); v > 0 || o.StoredString("duplex") != "" {
		n.Offer(netFeatureSpeed)
	}
	n.AddQueue(int(rx))
	n.AddQueue(int(tx))
	if n.Offered(netFeatureControl) {
		n.AddQueue(netControlQueue)
	}
	n.startStandby()
	return nil
}

// MAC returns the address the device has.
func (n *Net) MAC() qdev.MAC { return n.mac }

// Sent returns how many packets the guest sent.
func (n *Net) Sent() uint64 { return n.sent }

// SetLink brings the link up or down, which the guest is told.
func (n *Net) SetLink(up bool) {
	if n.linkDown == up {
		n.linkDown = !up
		n.ConfigChanged()
	}
}

// ConfigSize implements [Configured]: the structure ends with the last field
// that a feature needs.
func (n *Net) ConfigSize() int {
	switch {
	case n.Offered(netFeatureSpeed):
		return 17
	case n.Offered(netFeatureMTU):
		return 12
	case n.Offered(netFeatureMQ):
		return 10
	}
	return 8
}

// Config implements [Configured], VIRTIO 1.2 section 5.1.4.
func (n *Net) Config(p []byte) {
	le := binary.LittleEndian
	copy(p, n.mac[:])
	if !n.linkDown {
		p[6] = 1
	}
	if len(p) >= 10 {
		p[8] = 1
	}
	if len(p) >= 12 {
		le.PutUint16(p[10:], uint16(n.StoredUint("host_mtu")))
	}
	if len(p) >= 17 {
		le.PutUint32(p[12:], uint32(n.StoredUint("speed")))
		p[16] = byte(flag(n.StoredString("duplex") == "full"))
	}
}

// Notify implements [Notified].
func (n *Net) Notify(q *Queue) {
	switch q.Index() {
	case 0: // buffers for what comes in: nothing does
		return
	case 1:
		q.Each(func(e *Element) {
			n.sent++
			q.Push(e, 0)
		})
	default:
		q.Each(n.control)
	}
	q.Signal()
}

// control answers a command of the control queue, VIRTIO 1.2 section 5.1.6.5.
func (n *Net) control(e *Element) {
	if e.Out.Len() < 2 || e.In.Len() < 1 {
		n.Break("virtio-net ctrl missing headers")
		e.Drop()
		return
	}
	ack := byte(0)
	if cmd := e.Out.Bytes(8); cmd[0] > netMaxClass {
		ack = 1
	} else if cmd[0] == 1 && cmd[1] == 1 && len(cmd) == 8 {
		copy(n.mac[:], cmd[2:])
	}
	e.In.WriteAt([]byte{ack}, 0)
	e.Queue().Push(e, 1)
}
