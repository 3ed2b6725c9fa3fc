package block

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/qomd/qomd/devices/job"
)

// blockJob is a job on nodes, QEMU's BlockJob. While it exists nobody else may
// change the nodes it blocks.
type blockJob struct {
	g    *Graph
	job  *job.Job
	kind string

	edges    []*Edge    // of nodes that the job blocks
	backends []*Backend // by which it reads and writes

	speed  atomic.Int64 // bytes per second, 0: as fast as it goes
	slice  rateSlice    // of Run alone
	failed bool         // stopped by an error
	change func(copyMode string) error
	synced func() *bool // what a mirror tells of itself
}

// JobOptions are what all commands that start block jobs take.
type JobOptions struct {
	ID           string
	Speed        int64 // bytes per second, 0: no limit
	AutoFinalize *bool // nil: true
	AutoDismiss  *bool // nil: true
}

// newJob makes a block job of a kind on a node, which gives it its name unless
// it has one; spec says what it does.
func (g *Graph) newJob(o JobOptions, kind string, n *Node, spec job.Spec) (*blockJob, error) {
	if o.ID == "" {
		if b := n.namedBackend(); b != nil {
			o.ID = b.id
		}
	}
	b := &blockJob{g: g, kind: kind}
	spec.ID, spec.Type = o.ID, kind
	spec.ManualFinalize = o.AutoFinalize != nil && !*o.AutoFinalize
	spec.ManualDismiss = o.AutoDismiss != nil && !*o.AutoDismiss
	spec.Events = job.Events{Pending: b.pending, Ready: b.ready, Completed: b.ended("BLOCK_JOB_COMPLETED"), Cancelled: b.ended("BLOCK_JOB_CANCELLED")}
	spec.Resumed = func() { b.failed = false }
	clean := spec.Clean
	spec.Clean = func() {
		if clean != nil {
			clean()
		}
		b.letGo()
	}
	j, err := g.opts.Jobs.New(spec)
	if err != nil {
		return nil, err
	}
	b.job = j
	g.jobs = append([]*blockJob{b}, g.jobs...)
	if o.Speed != 0 {
		if err := b.setSpeed(o.Speed); err != nil {
			b.discard()
			return nil, err
		}
	}
	return b, nil
}

// namedBackend returns the drive that uses a node, nil for none.
func (n *Node) namedBackend() *Backend {
	for _, e := range n.parents {
		if b, ok := e.parent.(*Backend); ok && b.id != "" {
			return b
		}
	}
	return nil
}

// describe implements parent.
func (b *blockJob) describe() string { return fmt.Sprintf("%s job '%s'", b.kind, b.job.ID()) }

// block keeps others from changing a node, which is something to the job.
func (b *blockJob) block(name string, n *Node) {
	b.edges = append(b.edges, link(b, name, roleRoot, n))
}

// use makes the job a user of a node, with what it needs.
func (b *blockJob) use(n *Node, perm, shared Perm) error {
	back := b.g.newBackend("")
	back.job = true
	back.insert(n)
	b.backends = append(b.backends, back)
	return back.grant(perm, shared)
}

// letGo ends the use of all nodes.
func (b *blockJob) letGo() {
	for _, e := range b.edges {
		n := e.Node()
		n.dropParent(e)
		b.g.release(n)
	}
	for _, back := range b.backends {
		back.drop()
	}
	b.edges, b.backends = nil, nil
	b.g.jobs = slices.DeleteFunc(b.g.jobs, func(o *blockJob) bool { return o == b && b.job.Status() == job.Null })
}

// discard takes a job back that was made and cannot be started.
func (b *blockJob) discard() {
	b.job.Discard()
	b.letGo()
}

func (b *blockJob) setSpeed(bytes int64) error {
	if err := b.job.SetSpeed(); err != nil {
		return err
	}
	if bytes < 0 {
		return errors.New("Parameter 'speed' expects a non-negative value")
	}
	old := b.speed.Swap(bytes)
	if bytes == 0 || bytes > old {
		b.job.Hurry()
	}
	return nil
}

// rateSlice is what a job did in the current tenth of a second.
type rateSlice struct{ done int64 }

// pace lets a job's Run rest after n bytes as its speed demands, and is a point
// where it can be held.
func (b *blockJob) pace(n int64) error {
	speed := b.speed.Load()
	if speed == 0 {
		b.slice.done = 0
		return b.job.Point()
	}
	const slice = time.Second / 10
	quota := max(speed/10, 1)
	if b.slice.done += n; b.slice.done < quota {
		return b.job.Point()
	}
	d := slice * time.Duration(b.slice.done/quota)
	b.slice.done %= quota
	return b.job.Sleep(d)
}

type jobEvent struct {
	Device string `json:"device"`
	Len    int64  `json:"len"`
	Offset int64  `json:"offset"`
	Speed  int64  `json:"speed"`
	Type   string `json:"type"`
	Error  string `json:"error,omitempty"`
}

func (b *blockJob) event() jobEvent {
	e := jobEvent{Device: b.job.ID(), Speed: b.speed.Load(), Type: b.kind}
	e.Offset, e.Len = b.job.Progress()
	return e
}

func (b *blockJob) ready() { b.g.emit("BLOCK_JOB_READY", b.event()) }

type pendingEvent struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

func (b *blockJob) pending() { b.g.emit("BLOCK_JOB_PENDING", pendingEvent{b.kind, b.job.ID()}) }

func (b *blockJob) ended(event string) func() {
	return func() {
		e := b.event()
		if err := b.job.Err(); err != nil && event == "BLOCK_JOB_COMPLETED" {
			e.Error = err.Error()
		}
		b.g.emit(event, e)
	}
}

// BlockJobInfo is one entry of query-block-jobs.
type BlockJobInfo struct {
	AutoFinalize bool       `json:"auto-finalize"`
	IOStatus     string     `json:"io-status"`
	Device       string     `json:"device"`
	AutoDismiss  bool       `json:"auto-dismiss"`
	Busy         bool       `json:"busy"`
	Len          int64      `json:"len"`
	Offset       int64      `json:"offset"`
	Status       job.Status `json:"status"`
	Paused       bool       `json:"paused"`
	Speed        int64      `json:"speed"`
	Ready        bool       `json:"ready"`
	Type         string     `json:"type"`
	Error        string     `json:"error,omitempty"`
	Synced       *bool      `json:"actively-synced,omitempty"`
}

// BlockJobs lists the block jobs, the newest first.
func (g *Graph) BlockJobs() []BlockJobInfo {
	list := []BlockJobInfo{}
	for _, b := range g.liveJobs() {
		j := b.job
		i := BlockJobInfo{
			AutoFinalize: j.AutoFinalize(), AutoDismiss: j.AutoDismiss(), IOStatus: "ok", Device: j.ID(), Busy: j.Busy(),
			Status: j.Status(), Paused: j.Resting(), Speed: b.speed.Load(), Type: b.kind,
			Ready: j.Status() == job.Ready || j.Status() == job.Standby,
		}
		if b.failed {
			i.IOStatus = "failed"
		}
		i.Offset, i.Len = j.Progress()
		if err := j.Err(); err != nil {
			i.Error = err.Error()
		}
		if b.synced != nil {
			i.Synced = b.synced()
		}
		list = append(list, i)
	}
	return list
}

// liveJobs are the block jobs that have not been dismissed.
func (g *Graph) liveJobs() []*blockJob {
	g.jobs = slices.DeleteFunc(g.jobs, func(b *blockJob) bool { return b.job.Status() == job.Null })
	return g.jobs
}

// blockJobOf returns the block job of an id, nil for none.
func (g *Graph) blockJobOf(id string) *blockJob {
	for _, b := range g.liveJobs() {
		if b.job.ID() == id {
			return b
		}
	}
	return nil
}

// BlockJob returns the job of an id if it is a block job, nil for none.
func (g *Graph) BlockJob(id string) *job.Job {
	if b := g.blockJobOf(id); b != nil {
		return b.job
	}
	return nil
}

// SetJobSpeed limits a block job to so many bytes per second, 0 for no limit.
func (g *Graph) SetJobSpeed(id string, speed int64) error { return g.blockJobOf(id).setSpeed(speed) }

// CancelJob is block-job-cancel: without force a mirror that is ready comes to a
// good end.
func (g *Graph) CancelJob(id string, force bool) error {
	b := g.blockJobOf(id)
	if b.job.UserPaused() && !force {
		return fmt.Errorf("The block job for device '%s' is currently paused", id)
	}
	return b.job.Cancel(force)
}

// ChangeJob is block-job-change of a mirror.
func (g *Graph) ChangeJob(id, copyMode string) error {
	b := g.blockJobOf(id)
	if err := b.job.Change(); err != nil {
		return err
	}
	if b.change == nil {
		return errors.New("Job type does not support change")
	}
	return b.change(copyMode)
}
