package commands

import (
	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// block registers the commands of qapi/block-core.json, qapi/block.json,
// qapi/job.json and qapi/transaction.json.
func (c *Commands) block() {
	qmp.RegisterRaw(c.set, "blockdev-add", 0, c.blockdevAdd)
	qmp.Register(c.set, "blockdev-del", 0, c.blockdevDel)
	qmp.Register(c.set, "blockdev-reopen", 0, c.blockdevReopen)
	qmp.Register(c.set, "blockdev-set-active", 0, c.blockdevSetActive)
	qmp.Register(c.set, "query-block", 0, c.queryBlock)
	qmp.Register(c.set, "query-named-block-nodes", 0, c.queryNodes)
	qmp.Register(c.set, "query-blockstats", 0, c.queryBlockstats)
	qmp.Register(c.set, "block_resize", 0, c.blockResize)
	qmp.Register(c.set, "block-set-write-threshold", 0, c.blockSetThreshold)
	qmp.Register(c.set, "block-latency-histogram-set", 0, c.setHistograms)
	c.media()
	c.transactions()
	c.insides()
	c.exports()
	c.jobs()
	c.blockJobs()
}

func (c *Commands) blockdevAdd(call *qmp.Call, args *qjson.Object) (any, error) {
	servers := c.m.Blocks.Servers(args)
	if servers == nil {
		return nil, c.m.Blocks.Add(args)
	}
	return qmp.Aside(call, servers.Connect, func() (any, error) { return none{}, c.m.Blocks.AddReached(args, servers) })
}

type nodeArgs struct {
	Node string `json:"node-name"`
}

func (c *Commands) blockdevDel(_ *qmp.Call, a nodeArgs) (none, error) {
	return none{}, c.m.Blocks.Del(a.Node)
}

type reopenArgs struct {
	Options []*qjson.Object `json:"options"`
}

func (c *Commands) blockdevReopen(_ *qmp.Call, a reopenArgs) (none, error) {
	return none{}, c.m.Blocks.Reopen(a.Options)
}

type setActiveArgs struct {
	Node   string `json:"node-name"`
	Active bool   `json:"active"`
}

func (c *Commands) blockdevSetActive(_ *qmp.Call, a setActiveArgs) (none, error) {
	return none{}, c.m.Blocks.SetActive(a.Node, a.Active)
}

func (c *Commands) queryBlock(*qmp.Call, none) ([]block.Info, error) {
	return c.m.Blocks.Query(), nil
}

type queryNodesArgs struct {
	Flat bool `json:"flat"`
}

func (c *Commands) queryNodes(_ *qmp.Call, a queryNodesArgs) ([]block.DeviceInfo, error) {
	return c.m.Blocks.NodesInfo(a.Flat), nil
}

type blockstatsArgs struct {
	Nodes bool `json:"query-nodes"`
}

func (c *Commands) queryBlockstats(_ *qmp.Call, a blockstatsArgs) ([]block.Stats, error) {
	return c.m.Blocks.Statistics(a.Nodes), nil
}

type resizeArgs struct {
	Device string `json:"device"`
	Node   string `json:"node-name"`
	Size   int64  `json:"size"` // bytes
}

func (c *Commands) blockResize(_ *qmp.Call, a resizeArgs) (none, error) {
	return none{}, c.m.Blocks.ResizeBy(a.Device, a.Node, a.Size)
}

type thresholdArgs struct {
	Node      string `json:"node-name"`
	Threshold uint64 `json:"write-threshold"` // bytes
}

func (c *Commands) blockSetThreshold(_ *qmp.Call, a thresholdArgs) (none, error) {
	return none{}, c.m.Blocks.SetThreshold(a.Node, a.Threshold)
}

type histogramArgs struct {
	ID string `json:"id"`
	block.HistogramOptions
}

func (c *Commands) setHistograms(_ *qmp.Call, a histogramArgs) (none, error) {
	return none{}, wireError(c.m.Blocks.SetHistograms(a.ID, a.HistogramOptions))
}
