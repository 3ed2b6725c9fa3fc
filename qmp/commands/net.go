package commands

import (
	"time"

	"github.com/qomd/qomd/devices/net"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// net registers the commands of qapi/net.json.
func (c *Commands) net() {
	qmp.RegisterRaw(c.set, "netdev_add", 0, c.netdevAdd)
	qmp.Register(c.set, "netdev_del", 0, c.netdevDel)
	qmp.Register(c.set, "set_link", 0, c.setLink)
	qmp.Register(c.set, "query-rx-filter", 0, c.queryRxFilter)
	qmp.Register(c.set, "announce-self", 0, c.announceSelf)
}

func (c *Commands) netdevAdd(_ *qmp.Call, args *qjson.Object) (any, error) {
	_, err := c.m.Network.Add(args)
	return nil, err
}

func (c *Commands) netdevDel(_ *qmp.Call, a idArgs) (none, error) {
	return none{}, wireError(c.m.Network.Del(a.ID))
}

type setLinkArgs struct {
	Name string `json:"name"`
	Up   bool   `json:"up"`
}

func (c *Commands) setLink(_ *qmp.Call, a setLinkArgs) (none, error) {
	return none{}, wireError(c.m.Network.SetLink(a.Name, a.Up))
}

type rxFilterArgs struct {
	Name *string `json:"name"`
}

func (c *Commands) queryRxFilter(_ *qmp.Call, a rxFilterArgs) ([]net.RxFilter, error) {
	return c.m.Network.RxFilters(a.Name)
}

type announceArgs struct {
	Initial    int64    `json:"initial"`
	Max        int64    `json:"max"`
	Rounds     int64    `json:"rounds"`
	Step       int64    `json:"step"`
	Interfaces []string `json:"interfaces"`
	ID         string   `json:"id"`
}

func (c *Commands) announceSelf(_ *qmp.Call, a announceArgs) (none, error) {
	c.m.Network.Announce(net.Announcement{
		Initial: milliseconds(a.Initial), Max: milliseconds(a.Max), Step: milliseconds(a.Step),
		Rounds: a.Rounds, Cards: a.Interfaces, ID: a.ID,
	})
	return none{}, nil
}

// milliseconds limits what a client asks for to what a clock can count.
func milliseconds(n int64) time.Duration {
	const most = int64(24 * time.Hour / time.Millisecond)
	return time.Duration(min(max(n, 0), most)) * time.Millisecond
}
