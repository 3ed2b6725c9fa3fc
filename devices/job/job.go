package job

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/qomd/qomd/devices/guard"
	"github.com/qomd/qomd/devices/qdev"
)

// ErrCancelled is what [Job.Point] answers when the job is to end at once.
var ErrCancelled error = syscall.ECANCELED

// Options are what jobs need of their machine.
type Options struct {
	Emit func(name string, data any)
	// Do runs a function under the machine's lock.
	Do func(func())
	// After calls a function under the machine's lock once some time has
	// passed, be the machine stopped or not.
	After func(time.Duration, func()) qdev.Timer
	Log   *slog.Logger // nil: nothing is logged
}

// Jobs are all jobs of a machine. The zero value is no use, see [New].
type Jobs struct {
	opts    Options
	list    []*Job // newest first
	running sync.WaitGroup
}

// New returns a machine's jobs, none so far.
func New(o Options) *Jobs { return &Jobs{opts: o} }

// Spec says what a job does. All functions but Run are called under the
// machine's lock; all but Run may be nil.
type Spec struct {
	ID   string
	Type string // "mirror": what query-jobs tells

	// ManualFinalize and ManualDismiss make the job wait for job-finalize and
	// job-dismiss.
	ManualFinalize, ManualDismiss bool

	// Txn is the transaction that the job belongs to, nil for one of its own.
	Txn *Txn

	// Unbroken says that there is no place in Run where the job could be held.
	Unbroken bool

	// Run does the work, on its own goroutine.
	Run func(*Job) error
	// Short says that Run takes no time: it is called at once, with the machine's
	// lock, and must not wait for anything.
	Short bool
	// Idle says at the start that there is nothing to do: Run is not called.
	Idle func() bool
	// Prompt makes a cancelled job end before the request that cancels it, if
	// its Run is waiting; Run must do nothing more when it learns of it.
	Prompt bool
	// Prepare does what may still fail after all jobs of the transaction ran.
	Prepare func() error
	// Commit, or else Abort, settles the outcome; Clean follows both.
	Commit, Abort, Clean func()

	// Complete asks a job that is ready to end.
	Complete func() error
	// Cancel is told that the job is to end, and says whether it has to end at
	// once (true) or will come to a good end (false). Without it jobs end at
	// once.
	Cancel func(force bool) bool
	// Resumed is told that a user resumed the job.
	Resumed func()

	// Events tells of what happens beside changes of the status.
	Events Events
}

// Events are told to whoever has events of its own for them; each may be nil.
type Events struct{ Pending, Ready, Completed, Cancelled func() }

// Job is one piece of work.
type Job struct {
	jobs   *Jobs
	spec   Spec
	status Status
	txn    *Txn
	err    error

	done, total atomic.Int64

	started    bool
	running    bool // Run was called
	pauses     int  // reasons to stand still
	userPaused bool
	cancelled  bool
	forced     bool // cancelled without waiting for a good end
	returned   bool // Run is over

	attention atomic.Bool   // Point has something to look at
	parked    chan struct{} // Run waits until it is closed; nil: it does not
	sleeping  bool          // until Wake
	timer     qdev.Timer    // that wakes it
	nudge     chan struct{} // for those without the lock who want it to wake
}

// New makes a job, which does nothing until [Job.Start].
func (s *Jobs) New(spec Spec) (*Job, error) {
	switch {
	case !qdev.ValidID(spec.ID):
		return nil, fmt.Errorf("Invalid job ID '%s'", spec.ID)
	case s.Find(spec.ID) != nil:
		return nil, fmt.Errorf("Job ID '%s' already in use", spec.ID)
	}
	j := &Job{jobs: s, spec: spec, txn: spec.Txn, nudge: make(chan struct{}, 1)}
	if j.txn == nil {
		j.txn = new(Txn)
	}
	j.txn.add(j)
	s.list = append([]*Job{j}, s.list...)
	j.become(Created)
	return j, nil
}

// Find returns the job of an id, nil for none.
func (s *Jobs) Find(id string) *Job {
	for _, j := range s.list {
		if j.spec.ID == id {
			return j
		}
	}
	return nil
}

// ID returns the job's id.
func (j *Job) ID() string { return j.spec.ID }

// Type returns what kind of work it is.
func (j *Job) Type() string { return j.spec.Type }

// Status returns where the job is in its life.
func (j *Job) Status() Status { return j.status }

// Err returns why the job failed, nil when it did not, or not yet.
func (j *Job) Err() error { return j.err }

// AutoFinalize and AutoDismiss report whether it goes on by itself.
func (j *Job) AutoFinalize() bool { return !j.spec.ManualFinalize }

// AutoDismiss is the counterpart of AutoFinalize for the end.
func (j *Job) AutoDismiss() bool { return !j.spec.ManualDismiss }

// Busy reports whether Run is at work, rather than waiting.
func (j *Job) Busy() bool { return j.running && !j.returned && j.parked == nil }

// UserPaused reports whether a user paused it.
func (j *Job) UserPaused() bool { return j.userPaused }

// Resting reports whether anything holds the job.
func (j *Job) Resting() bool { return j.pauses > 0 }

// Progress returns how much of how much is done, in units of the job's own. It
// needs no lock.
func (j *Job) Progress() (done, total int64) { return j.done.Load(), j.total.Load() }

// SetTotal says how much there is to do. It needs no lock.
func (j *Job) SetTotal(n int64) { j.total.Store(n) }

// Remaining says how much is left to do, from where the job is. It needs no
// lock.
func (j *Job) Remaining(n int64) { j.total.Store(j.done.Load() + n) }

// Advance says that n more units are done. It needs no lock.
func (j *Job) Advance(n int64) { j.done.Add(n) }

type statusEvent struct {
	Status Status `json:"status"`
	ID     string `json:"id"`
}

// become changes the status and tells of it.
func (j *Job) become(s Status) {
	if j.status == s {
		return
	}
	j.status = s
	if emit := j.jobs.opts.Emit; emit != nil {
		emit("JOB_STATUS_CHANGE", statusEvent{s, j.spec.ID})
	}
}

// Start starts the work.
func (j *Job) Start() {
	j.started = true
	j.become(Running)
	if j.pauses > 0 { // somebody holds it from the start on
		j.become(Paused)
		return
	}
	j.run()
}

// run calls Run, unless there is nothing to do.
func (j *Job) run() {
	j.running = true
	if j.spec.Idle != nil && j.spec.Idle() {
		j.end(nil)
		return
	}
	if j.spec.Short {
		j.end(j.spec.Run(j))
		return
	}
	j.jobs.running.Go(func() {
		err := guard.Run(j.jobs.opts.Log, "job "+j.spec.ID, func() error { return j.spec.Run(j) })
		j.Do(func() {
			if !j.returned {
				j.end(err)
			}
		})
	})
}

// end is the end of Run.
func (j *Job) end(err error) {
	j.stopTimer()
	j.returned = true
	j.completed(err)
}

// Discard ends a job that was made and cannot be started.
func (j *Job) Discard() {
	j.txn.remove(j)
	j.drop()
}

// drop forgets the job.
func (j *Job) drop() {
	for i, other := range j.jobs.list {
		if other == j {
			j.jobs.list = append(j.jobs.list[:i:i], j.jobs.list[i+1:]...)
			break
		}
	}
	j.become(Null)
}

// End ends all jobs at once, for the end of the machine. Those at work learn of
// it at their next [Job.Point].
func (s *Jobs) End() {
	s.Pulse() // as the machine stops
	s.Pulse() // and as its drives are drained
	for _, j := range slices.Clone(s.list) {
		j.spec.Prompt = true
		j.cancel(true)
	}
}

// Wait waits until no Run is at work. It must be called without the machine's
// lock.
func (s *Jobs) Wait() { s.running.Wait() }

// failure is the text of an error as QEMU gives it, without Go's prefixes.
func failure(err error) error {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return err
	}
	if no == syscall.ECANCELED {
		return errors.New("Operation canceled")
	}
	return err
}
