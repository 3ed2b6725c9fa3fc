package commands

import (
	"errors"

	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qmp"
)

// misc registers what is left of qapi/misc.json and qapi/machine.json.
func (c *Commands) misc() {
	qmp.Register(c.set, "inject-nmi", 0, c.injectNMI)
	qmp.Register(c.set, "query-balloon", 0, c.queryBalloon)
	qmp.Register(c.set, "balloon", 0, c.balloon)
}

func (c *Commands) injectNMI(*qmp.Call, none) (none, error) {
	if len(c.m.CPUSlots()) == 0 {
		return none{}, errors.New("machine does not provide NMIs")
	}
	c.m.InjectNMI()
	return none{}, nil
}

var errNoBalloon = &qmp.Error{Class: qmp.DeviceNotActive, Desc: "No balloon device has been activated"}

type balloonInfo struct {
	Actual uint64 `json:"actual"` // bytes
}

func (c *Commands) queryBalloon(*qmp.Call, none) (balloonInfo, error) {
	b := virtio.BalloonOf(c.m.Env())
	if b == nil {
		return balloonInfo{}, errNoBalloon
	}
	return balloonInfo{b.Actual()}, nil
}

type balloonArgs struct {
	Value int64 `json:"value"` // bytes
}

func (c *Commands) balloon(_ *qmp.Call, a balloonArgs) (none, error) {
	b := virtio.BalloonOf(c.m.Env())
	if b == nil {
		return none{}, errNoBalloon
	}
	if a.Value <= 0 {
		return none{}, errors.New("Parameter 'value' expects a size")
	}
	b.SetTarget(uint64(a.Value))
	return none{}, nil
}
