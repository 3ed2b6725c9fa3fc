package job

import "slices"

// Txn is a set of jobs that all succeed or all fail. The zero value is an
// empty one.
type Txn struct {
	jobs     []*Job // newest first
	aborting bool
}

func (t *Txn) add(j *Job) { t.jobs = slices.Insert(t.jobs, 0, j) }

func (t *Txn) remove(j *Job) {
	t.jobs = slices.DeleteFunc(t.jobs, func(o *Job) bool { return o == j })
}

// completed is the end of Run, or that of a job that was never started.
func (j *Job) completed(err error) {
	if j.err == nil && err != nil {
		j.err = failure(err)
	}
	j.judge()
	if j.err != nil {
		j.txn.abort(j)
		return
	}
	j.become(Waiting)
	t := j.txn
	if slices.ContainsFunc(t.jobs, func(o *Job) bool { return !o.status.completed() }) {
		return
	}
	for _, o := range slices.Clone(t.jobs) {
		o.become(Pending)
		if o.spec.ManualFinalize && o.spec.Events.Pending != nil {
			o.spec.Events.Pending()
		}
	}
	if !slices.ContainsFunc(t.jobs, func(o *Job) bool { return o.spec.ManualFinalize }) {
		t.finalize(j)
	}
}

// judge makes a job that was cancelled a failed one, and shows that.
func (j *Job) judge() {
	if j.err == nil && j.forced {
		j.err = failure(ErrCancelled)
	}
	if j.err != nil {
		j.become(Aborting)
	}
}

// finalize commits all jobs, or aborts them when one cannot.
func (t *Txn) finalize(j *Job) {
	for _, o := range slices.Clone(t.jobs) {
		if o.err != nil || o.spec.Prepare == nil {
			continue
		}
		if err := o.spec.Prepare(); err != nil {
			o.err = failure(err)
			o.judge()
			t.abort(j)
			return
		}
	}
	for _, o := range slices.Clone(t.jobs) {
		o.conclude()
	}
}

// abort makes all jobs fail. Those that still run are cancelled, and concluded
// with the others when the last of them has returned.
func (t *Txn) abort(j *Job) {
	if !t.aborting {
		t.aborting = true
		for _, o := range slices.Clone(t.jobs) {
			if o == j {
				continue
			}
			o.cancelSoon(true)
			if o.started && !o.returned {
				o.leave()
			}
		}
	}
	for _, o := range t.jobs {
		if o.started && !o.returned {
			return
		}
	}
	for _, o := range slices.Clone(t.jobs) {
		o.conclude()
	}
}

// conclude settles the outcome of one job.
func (j *Job) conclude() {
	call := func(f func()) {
		if f != nil {
			f()
		}
	}
	j.judge()
	if j.err == nil {
		call(j.spec.Commit)
	} else {
		call(j.spec.Abort)
	}
	call(j.spec.Clean)
	if j.started {
		if j.forced {
			call(j.spec.Events.Cancelled)
		} else {
			call(j.spec.Events.Completed)
		}
	}
	j.txn.remove(j)
	j.become(Concluded)
	if !j.spec.ManualDismiss || !j.started {
		j.drop()
	}
}
