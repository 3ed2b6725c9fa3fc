package commands

import (
	"fmt"

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
	c.media()
	c.bitmaps()
	c.exports()
	c.blockJobs()
}

func (c *Commands) blockdevAdd(_ *qmp.Call, args *qjson.Object) (any, error) {
	return nil, c.m.Blocks.Add(args)
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

// blockJobs registers the commands on jobs. No command starts one, so that
// there is never any.
func (c *Commands) blockJobs() {
	qmp.Register(c.set, "query-block-jobs", 0, func(*qmp.Call, none) ([]none, error) { return []none{}, nil })
	qmp.Register(c.set, "query-jobs", 0, func(*qmp.Call, none) ([]none, error) { return []none{}, nil })
	for _, name := range []string{"job-cancel", "job-pause", "job-resume", "job-complete", "job-finalize", "job-dismiss"} {
		qmp.RegisterRaw(c.set, name, 0, noJob)
	}
	for _, name := range []string{"block-job-cancel", "block-job-pause", "block-job-resume", "block-job-complete", "block-job-set-speed"} {
		qmp.RegisterRaw(c.set, name, 0, noBlockJob("device"))
	}
	for _, name := range []string{"block-job-finalize", "block-job-dismiss", "block-job-change"} {
		qmp.RegisterRaw(c.set, name, 0, noBlockJob("id"))
	}
}

func noJob(*qmp.Call, *qjson.Object) (any, error) {
	return nil, fmt.Errorf("Job not found")
}

func noBlockJob(key string) func(*qmp.Call, *qjson.Object) (any, error) {
	return func(_ *qmp.Call, args *qjson.Object) (any, error) {
		id, _ := args.Get(key)
		return nil, qmp.Errorf(qmp.DeviceNotActive, "Block job '%v' not found", id)
	}
}
