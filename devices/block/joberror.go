package block

import (
	"errors"
	"syscall"
)

// OnError says what a job does when the host fails it, QEMU's
// BlockdevOnError: "report", "ignore", "enospc", "stop" or "auto"; empty means
// report.
type OnError string

// ioError is a read or a write of a job that failed.
type ioError struct {
	write bool
	err   error
}

func (e *ioError) Error() string { return reason(e.err) }
func (e *ioError) Unwrap() error { return e.err }

type jobErrorEvent struct {
	Device    string `json:"device"`
	Operation string `json:"operation"`
	Action    string `json:"action"`
}

// failedIO tells of an error that a job met while it read or wrote, and what
// comes of it: an error ends the job, nil lets it go on, after a user resumed
// it if need be. With retry it has to do the same again. It is for Run.
func (b *blockJob) failedIO(err error, source, target OnError) (retry bool, _ error) {
	var e *ioError
	if !errors.As(err, &e) {
		return false, err
	}
	policy, operation := source, "read"
	if e.write {
		policy, operation = target, "write"
	}
	action := "report"
	switch {
	case policy == "ignore":
		action = "ignore"
	case policy == "stop", (policy == "enospc" || policy == "auto") && errors.Is(err, syscall.ENOSPC):
		action = "stop"
	}
	b.job.Do(func() {
		b.g.emit("BLOCK_JOB_ERROR", jobErrorEvent{b.job.ID(), operation, action})
		if action == "stop" {
			b.failed = true
			b.job.PauseAsUser()
		}
	})
	switch action {
	case "report":
		return false, err
	case "ignore":
		return false, nil
	}
	return true, b.job.Point()
}

// persist does one step of a job until it succeeds, or until failures are not
// to be got over. It is for Run.
func (b *blockJob) persist(source, target OnError, step func() error) error {
	for {
		err := step()
		if err == nil {
			return nil
		}
		if retry, err := b.failedIO(err, source, target); !retry || err != nil {
			return err
		}
	}
}
