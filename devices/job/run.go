package job

import (
	"slices"
	"time"
)

// Point is where Run lets itself be held: it returns when the job is not
// paused, with [ErrCancelled] when it is to end at once. It is for Run, and
// cheap while nobody wants anything.
func (j *Job) Point() error {
	if !j.attention.Load() {
		return nil
	}
	return j.rest(0, nil)
}

// Sleep lets time pass, until [Job.Wake] at most, and then is a [Job.Point]. It
// is for Run.
func (j *Job) Sleep(d time.Duration) error {
	if d <= 0 {
		return j.Point()
	}
	return j.rest(d, nil)
}

// Sit waits for [Job.Wake], and then is a [Job.Point]. Before that it asks done
// under the machine's lock whether there is anything to wait for; nil means so.
// It is for Run.
func (j *Job) Sit(done func() bool) error { return j.rest(-1, done) }

// Do runs f under the machine's lock. It is for Run.
func (j *Job) Do(f func()) { j.jobs.opts.Do(f) }

// rest parks Run while the job is paused, and for d before that; a negative d
// is for ever, unless done says that it is over already.
func (j *Job) rest(d time.Duration, done func() bool) error {
	var err error
	for first := true; ; first = false {
		var wait chan struct{}
		j.Do(func() {
			if first && d != 0 && (done == nil || !done()) {
				j.sleeping = true
				if d > 0 {
					j.timer = j.jobs.opts.After(d, j.Wake)
				}
			}
			if j.forced {
				j.sleeping = false
				err = ErrCancelled
			}
			if err != nil || j.pauses == 0 && !j.sleeping {
				j.stopTimer()
				return
			}
			wait = make(chan struct{})
			j.parked = wait
			if j.pauses > 0 {
				j.stand()
			}
		})
		if wait == nil {
			return err
		}
		nudge := j.nudge
		if d >= 0 { // it is not news that Run waits for
			nudge = nil
		}
		for parked := true; parked; {
			select {
			case <-wait:
				parked = false
			case <-nudge:
				j.Do(j.Wake)
			}
		}
	}
}

// Nudge ends a [Job.Sit] as Wake does, for those who do not have the lock.
func (j *Job) Nudge() {
	select {
	case j.nudge <- struct{}{}:
	default: // it has been nudged already
	}
}

func (j *Job) stopTimer() {
	if j.timer != nil {
		j.timer.Stop()
		j.timer = nil
	}
}

// Wake ends a [Job.Sleep] or [Job.Sit]; Run looks around.
func (j *Job) Wake() {
	j.sleeping = false
	if j.pauses == 0 {
		j.unpark()
	}
}

// Hurry ends a [Job.Sleep] alone.
func (j *Job) Hurry() {
	if j.timer != nil {
		j.Wake()
	}
}

func (j *Job) unpark() {
	if j.parked != nil {
		close(j.parked)
		j.parked = nil
	}
}

// stand makes the status that of a job that is held.
func (j *Job) stand() {
	switch j.status {
	case Ready:
		j.become(Standby)
	case Running:
		j.become(Paused)
	}
}

// unstand undoes stand.
func (j *Job) unstand() {
	switch j.status {
	case Standby:
		j.become(Ready)
	case Paused:
		j.become(Running)
	}
}

// Hold keeps the job from going on until [Job.Release], as a drained section
// of the block layer does.
func (j *Job) Hold() {
	j.pauses++
	j.attention.Store(true)
	if j.parked != nil {
		j.stand()
	}
}

// Release undoes a Hold.
func (j *Job) Release() {
	if j.pauses--; j.pauses > 0 {
		return
	}
	j.attention.Store(j.forced)
	j.unstand()
	switch {
	case j.started && !j.running:
		j.run()
	case !j.sleeping:
		j.unpark()
	}
}

// Pulse shows all jobs held for a moment, as QEMU's do while it drains the block
// layer.
func (s *Jobs) Pulse() {
	for _, j := range slices.Clone(s.list) {
		j.Pulse()
	}
}

// Pulse shows a job that is at work held for a moment. Nothing is drained for
// it: who changes the graph sees to that himself.
func (j *Job) Pulse() {
	if j.running && !j.returned && !j.spec.Unbroken {
		j.stand()
		if j.pauses == 0 {
			j.unstand()
		}
	}
}

// Ready makes the job ready: all that is left to do is to follow what changes,
// until it is completed.
func (j *Job) Ready() {
	j.become(Ready)
	if f := j.spec.Events.Ready; f != nil {
		f()
	}
}

// Cancelled reports whether the job is to come to an end, a good one unless
// [Job.Point] says otherwise.
func (j *Job) Cancelled() bool { return j.cancelled }
