package job

import "slices"

// Status is where a job is in its life, QEMU's JobStatus.
type Status string

// The statuses, in the order in which they can follow each other.
const (
	Created   Status = "created"
	Running   Status = "running"
	Paused    Status = "paused"
	Ready     Status = "ready"
	Standby   Status = "standby" // ready, and paused
	Waiting   Status = "waiting" // for the others of its transaction
	Pending   Status = "pending" // for job-finalize
	Aborting  Status = "aborting"
	Concluded Status = "concluded"
	Null      Status = "null"
)

// verb is what a monitor asks of a job, QEMU's JobVerb.
type verb string

const (
	cancel   verb = "cancel"
	pause    verb = "pause"
	resume   verb = "resume"
	setSpeed verb = "set-speed"
	complete verb = "complete"
	finalize verb = "finalize"
	dismiss  verb = "dismiss"
	change   verb = "change"
)

// accepts reports whether a job in a status can be asked something.
func (s Status) accepts(v verb) bool {
	switch v {
	case cancel:
		return slices.Contains([]Status{Created, Running, Paused, Ready, Standby, Waiting, Pending}, s)
	case pause, resume, setSpeed, change:
		return slices.Contains([]Status{Created, Running, Paused, Ready, Standby}, s)
	case complete:
		return s == Ready || s == Standby
	case finalize:
		return s == Pending
	case dismiss:
		return s == Concluded
	}
	return false
}

// completed tells the statuses of jobs whose Run is over.
func (s Status) completed() bool {
	return slices.Contains([]Status{Waiting, Pending, Aborting, Concluded, Null}, s)
}
