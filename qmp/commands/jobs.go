package commands

import (
	"errors"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/qmp"
)

// jobs registers the commands of qapi/job.json, and their older forms for block
// jobs.
func (c *Commands) jobs() {
	qmp.Register(c.set, "query-jobs", 0, func(*qmp.Call, none) ([]job.Info, error) { return c.m.Jobs.Query(), nil })
	qmp.Register(c.set, "query-block-jobs", 0, func(*qmp.Call, none) ([]block.BlockJobInfo, error) { return c.m.Blocks.BlockJobs(), nil })

	verbs := map[string]func(*job.Job) error{
		"pause": (*job.Job).Pause, "resume": (*job.Job).Resume, "complete": (*job.Job).Complete,
		"finalize": (*job.Job).Finalize, "dismiss": (*job.Job).Dismiss,
	}
	for verb, do := range verbs {
		qmp.Register(c.set, "job-"+verb, 0, c.onJob(do))
		qmp.Register(c.set, "block-job-"+verb, 0, c.onBlockJob(func(j *job.Job, _ blockJobArgs) error { return do(j) }))
	}
	qmp.Register(c.set, "job-cancel", 0, c.onJob(func(j *job.Job) error { return j.Cancel(true) }))
	qmp.Register(c.set, "block-job-cancel", 0, c.onBlockJob(func(j *job.Job, a blockJobArgs) error {
		return c.m.Blocks.CancelJob(j.ID(), a.Force)
	}))
	qmp.Register(c.set, "block-job-set-speed", 0, c.onBlockJob(func(j *job.Job, a blockJobArgs) error {
		return c.m.Blocks.SetJobSpeed(j.ID(), a.Speed)
	}))
	qmp.Register(c.set, "block-job-change", 0, c.onBlockJob(func(j *job.Job, a blockJobArgs) error {
		return c.m.Blocks.ChangeJob(j.ID(), a.CopyMode)
	}))
}

type jobArgs struct {
	ID string `json:"id"`
}

// onJob makes a command of something that is done to the job of an id.
func (c *Commands) onJob(do func(*job.Job) error) func(*qmp.Call, jobArgs) (none, error) {
	return func(_ *qmp.Call, a jobArgs) (none, error) {
		j := c.m.Jobs.Find(a.ID)
		if j == nil {
			return none{}, errors.New("Job not found")
		}
		return none{}, do(j)
	}
}

// blockJobArgs name a block job, by "device" in the older commands.
type blockJobArgs struct {
	ID       string `json:"id"`
	Device   string `json:"device"`
	Force    bool   `json:"force"`
	Speed    int64  `json:"speed"` // bytes per second
	CopyMode string `json:"copy-mode"`
}

// onBlockJob is onJob for block jobs.
func (c *Commands) onBlockJob(do func(*job.Job, blockJobArgs) error) func(*qmp.Call, blockJobArgs) (none, error) {
	return func(_ *qmp.Call, a blockJobArgs) (none, error) {
		if a.ID == "" {
			a.ID = a.Device
		}
		j := c.m.Blocks.BlockJob(a.ID)
		if j == nil {
			return none{}, qmp.Errorf(qmp.DeviceNotActive, "Block job '%s' not found", a.ID)
		}
		return none{}, do(j, a)
	}
}
