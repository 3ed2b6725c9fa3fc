package job

import (
	"errors"
	"fmt"
)

func (j *Job) accept(v verb) error {
	if !j.status.accepts(v) {
		return fmt.Errorf("Job '%s' in state '%s' cannot accept command verb '%s'", j.spec.ID, j.status, v)
	}
	return nil
}

// Pause is job-pause: the job stands still until [Job.Resume].
func (j *Job) Pause() error {
	if err := j.accept(pause); err != nil {
		return err
	}
	if j.userPaused {
		return errors.New("Job is already paused")
	}
	j.PauseAsUser()
	return nil
}

// PauseAsUser pauses the job as a user would; for errors after which a user
// is to decide.
func (j *Job) PauseAsUser() {
	if !j.userPaused {
		j.userPaused = true
		j.Hold()
	}
}

// Resume is job-resume.
func (j *Job) Resume() error {
	if err := j.accept(resume); err != nil {
		return err
	}
	if !j.userPaused || j.pauses == 0 {
		return errors.New("Can't resume a job that was not paused")
	}
	j.resumed()
	return nil
}

func (j *Job) resumed() {
	if f := j.spec.Resumed; f != nil {
		f()
	}
	j.userPaused = false
	j.Release()
}

// Complete is job-complete: a job that is ready is to end.
func (j *Job) Complete() error {
	if err := j.accept(complete); err != nil {
		return err
	}
	if j.cancelled || j.spec.Complete == nil {
		return fmt.Errorf("The active block job '%s' cannot be completed", j.spec.ID)
	}
	return j.spec.Complete()
}

// Finalize is job-finalize: a job that waits for it commits, with all others
// of its transaction.
func (j *Job) Finalize() error {
	if err := j.accept(finalize); err != nil {
		return err
	}
	j.txn.finalize(j)
	return nil
}

// Dismiss is job-dismiss: a job that concluded is forgotten.
func (j *Job) Dismiss() error {
	if err := j.accept(dismiss); err != nil {
		return err
	}
	j.drop()
	return nil
}

// Cancel is job-cancel, which forces, and block-job-cancel, which may not.
func (j *Job) Cancel(force bool) error {
	if err := j.accept(cancel); err != nil {
		return err
	}
	j.cancel(force)
	return nil
}

// SetSpeed and Change only ask whether the job can be changed now.
func (j *Job) SetSpeed() error { return j.accept(setSpeed) }

// Change is the counterpart of SetSpeed for block-job-change.
func (j *Job) Change() error { return j.accept(change) }

// cancel ends the job, in whatever status it is.
func (j *Job) cancel(force bool) {
	if j.status == Concluded {
		j.drop()
		return
	}
	j.cancelSoon(force)
	switch {
	case !j.started:
		j.completed(nil)
	case j.returned:
		if force {
			j.txn.abort(j)
		}
	default:
		j.leave()
		j.Wake()
	}
}

// leave lets Run see that it is to end at once, even if the job is paused.
func (j *Job) leave() {
	switch {
	case !j.forced:
	case !j.running:
		j.unstand()
		j.end(nil)
	case j.parked != nil:
		j.unstand()
		if j.spec.Prompt {
			j.end(nil)
		}
		j.unpark()
	}
}

// cancelSoon notes that the job is to end.
func (j *Job) cancelSoon(force bool) {
	if f := j.spec.Cancel; f == nil {
		force = true
	} else {
		force = f(force)
	}
	if j.userPaused {
		// Its status stays until Run looks.
		if f := j.spec.Resumed; f != nil {
			f()
		}
		j.userPaused = false
		j.pauses--
	}
	if force || !j.returned {
		j.cancelled = true
		j.forced = j.forced || force
		j.attention.Store(j.forced || j.pauses > 0)
	}
}
