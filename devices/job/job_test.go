package job_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/devices/qdev"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a machine's lock and what its jobs told.
type rig struct {
	mu   sync.Mutex
	jobs *job.Jobs
	said []string
}

func newRig() *rig {
	r := &rig{}
	r.jobs = job.New(job.Options{
		Emit: func(_ string, data any) { r.said = append(r.said, strings.Trim(fmt.Sprint(data), "{}")) },
		Do:   r.do,
		After: func(d time.Duration, f func()) qdev.Timer {
			return time.AfterFunc(d, func() { r.do(f) })
		},
	})
	return r
}

func (r *rig) do(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// start makes a job and starts it.
func (r *rig) start(t *testing.T, s job.Spec) (j *job.Job) {
	t.Helper()
	r.do(func() {
		var err error
		if j, err = r.jobs.New(s); err != nil {
			t.Fatal(err)
		}
		j.Start()
	})
	return j
}

// heard returns what was told since the last time, after all went quiet.
func (r *rig) heard() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := strings.Join(r.said, ", ")
	r.said = nil
	return s
}

func (r *rig) expect(t *testing.T, want string) {
	t.Helper()
	if diff := cmp.Diff(want, r.heard()); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
}

// must runs a verb that has to succeed.
func (r *rig) must(t *testing.T, verb func() error) {
	t.Helper()
	r.do(func() {
		if err := verb(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLife(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		spec job.Spec
		do   func(t *testing.T, r *rig, j *job.Job)
		want string
	}{
		"succeeds": {job.Spec{Run: func(*job.Job) error { return nil }}, nil,
			"created j, running j, waiting j, pending j, concluded j, null j"},
		"fails": {job.Spec{Run: func(*job.Job) error { return boom }}, nil,
			"created j, running j, aborting j, concluded j, null j"},
		"fails to prepare": {job.Spec{Run: func(*job.Job) error { return nil }, Prepare: func() error { return boom }}, nil,
			"created j, running j, waiting j, pending j, aborting j, concluded j, null j"},
		"waits for its user": {
			job.Spec{ManualFinalize: true, ManualDismiss: true, Run: func(*job.Job) error { return nil }},
			func(t *testing.T, r *rig, j *job.Job) {
				r.expect(t, "created j, running j, waiting j, pending j")
				r.must(t, j.Finalize)
				r.expect(t, "concluded j")
				r.must(t, j.Dismiss)
			}, "null j"},
		"is paused while it sleeps": {
			job.Spec{Run: func(j *job.Job) error { return j.Sleep(time.Hour) }},
			func(t *testing.T, r *rig, j *job.Job) {
				synctest.Wait()
				r.must(t, j.Pause)
				r.expect(t, "created j, running j, paused j")
				time.Sleep(2 * time.Hour)
				r.expect(t, "")
				r.must(t, j.Resume)
			}, "running j, waiting j, pending j, concluded j, null j"},
		"is cancelled while paused": {
			job.Spec{Run: func(j *job.Job) error { return j.Sit(nil) }},
			func(t *testing.T, r *rig, j *job.Job) {
				synctest.Wait()
				r.must(t, j.Pause)
				r.must(t, func() error { return j.Cancel(true) })
			}, "created j, running j, paused j, running j, aborting j, concluded j, null j"},
		"is cancelled while pending": {
			job.Spec{ManualFinalize: true, Run: func(j *job.Job) error { return nil }},
			func(t *testing.T, r *rig, j *job.Job) {
				r.expect(t, "created j, running j, waiting j, pending j")
				r.must(t, func() error { return j.Cancel(true) })
			}, "aborting j, concluded j, null j"},
		"completes when asked": {
			job.Spec{Run: func(j *job.Job) error { j.Do(j.Ready); return j.Sit(nil) }},
			func(t *testing.T, r *rig, j *job.Job) {
				synctest.Wait()
				r.do(j.Wake)
			}, "created j, running j, ready j, waiting j, pending j, concluded j, null j"},
		"has nothing to do": {job.Spec{Idle: func() bool { return true }}, nil,
			"created j, running j, waiting j, pending j, concluded j, null j"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig()
				c.spec.ID = "j"
				j := r.start(t, c.spec)
				if c.do != nil {
					c.do(t, r, j)
				}
				r.expect(t, c.want)
				r.jobs.Wait()
			})
		})
	}
}

// TestTransaction: one job that fails makes all fail, and none commits before
// the last has run.
func TestTransaction(t *testing.T) {
	for _, fail := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r, txn, outcome := newRig(), new(job.Txn), ""
			spec := func(id string, run func(*job.Job) error) job.Spec {
				return job.Spec{ID: id, Txn: txn, Run: run,
					Commit: func() { outcome += "commit " + id + " " }, Abort: func() { outcome += "abort " + id + " " }}
			}
			r.start(t, spec("slow", func(j *job.Job) error { return j.Sleep(time.Hour) }))
			r.start(t, spec("fast", func(j *job.Job) error {
				if fail {
					return errors.New("boom")
				}
				return nil
			}))
			synctest.Wait()
			r.do(func() {
				if outcome != "" && !fail {
					t.Errorf("before the last has run: %s", outcome)
				}
			})
			time.Sleep(2 * time.Hour)
			want := "commit fast commit slow "
			if fail {
				want = "abort fast abort slow "
			}
			r.heard()
			r.do(func() {
				if outcome != want {
					t.Errorf("fail %t: %q, want %q", fail, outcome, want)
				}
			})
			r.jobs.Wait()
		})
	}
}

// TestVerbs asks random things of a job that comes to READY, against a plain
// model of what QEMU accepts in which status.
func TestVerbs(t *testing.T) {
	accepts := map[string]string{
		"pause": "running paused ready standby", "resume": "running paused ready standby", "complete": "ready standby",
		"finalize": "pending", "dismiss": "concluded", "cancel": "running paused ready standby pending",
	}
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"pause", "resume", "complete", "finalize", "dismiss", "cancel", "step"}), 1, 30).Draw(rt, "steps")
		var wrong string
		synctest.Test(t, func(*testing.T) {
			r := newRig()
			var j *job.Job
			r.do(func() {
				j, _ = r.jobs.New(job.Spec{
					ID: "j", ManualDismiss: true, ManualFinalize: true, Complete: func() error { j.Wake(); return nil },
					Run: func(j *job.Job) error {
						if err := j.Sleep(time.Second); err != nil {
							return err
						}
						j.Do(j.Ready)
						return j.Sit(nil)
					},
				})
				j.Start()
			})
			status, paused, asked := "running", false, false
			at := 0
			for _, step := range steps {
				synctest.Wait()
				if step == "step" {
					time.Sleep(2 * time.Second)
					if at++; status == "running" {
						status = "ready"
					}
					synctest.Wait()
				} else {
					var err error
					r.do(func() {
						err = map[string]func() error{"pause": j.Pause, "resume": j.Resume, "complete": j.Complete, "finalize": j.Finalize,
							"dismiss": j.Dismiss, "cancel": func() error { return j.Cancel(true) }}[step]()
					})
					ok := strings.Contains(" "+accepts[step]+" ", " "+status+" ")
					want := fmt.Sprintf("Job 'j' in state '%s' cannot accept command verb '%s'", status, step)
					switch {
					case ok && step == "pause" && paused:
						ok, want = false, "Job is already paused"
					case ok && step == "resume" && !paused:
						ok, want = false, "Can't resume a job that was not paused"
					}
					if got := fmt.Sprint(err); ok != (err == nil) || !ok && got != want {
						wrong = fmt.Sprintf("%s in %s: %v, want %s", step, status, err, want)
					}
					if ok {
						status, paused = after(step, status), step == "pause" || paused && step != "resume"
						if asked = asked || step == "complete"; asked && status == "ready" {
							status = "pending" // it was asked while it was paused
						}
					}
					synctest.Wait()
				}
				// A job that slept while it was paused is ready as soon as it goes on.
				if at > 0 && status == "running" {
					status = "ready"
				}
				r.do(func() {
					if string(j.Status()) != status {
						wrong = fmt.Sprintf("after %s: status %s, want %s", step, j.Status(), status)
					}
				})
				if status == "null" || wrong != "" {
					break
				}
			}
			r.do(r.jobs.End)
			r.jobs.Wait()
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// after is the status that follows a verb that was accepted.
func after(verb, status string) string {
	switch verb {
	case "pause":
		return map[string]string{"running": "paused", "ready": "standby"}[status]
	case "resume":
		return map[string]string{"paused": "running", "standby": "ready"}[status]
	case "complete":
		return map[string]string{"ready": "pending", "standby": "standby"}[status]
	case "finalize", "cancel":
		return "concluded"
	}
	return "null"
}
