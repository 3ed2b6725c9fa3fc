package tpm

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/guard"
	"github.com/qomd/qomd/devices/vmstate"
	"github.com/qomd/qomd/qom"
)

// Backend is a TPM that a device can use.
type Backend struct {
	id     string
	set    *Set
	driver driver
	device *qom.Object // that uses it; nil: none

	jobs    []func() // in order; the first is not under way any more
	working bool
	closed  bool

	broken      error // why it did not start at the last reset
	started     bool  // it did at the first
	established bool
	life        int   // counts resets: what was sent before the last one is over
	state       state // what was saved, or has come and is still to be loaded
	stale       bool  // state has come
	relock      bool  // the storage was given up by saving
}

// Name implements [qdev.Backend].
func (b *Backend) Name() string { return b.id }

// Attach implements [qdev.Backend].
func (b *Backend) Attach(o *qom.Object, _ string) error {
	if b.device != nil {
		return fmt.Errorf("TPM backend '%s' is already initialized", b.id)
	}
	b.device = o
	return nil
}

// Detach implements [qdev.Backend].
func (b *Backend) Detach(o *qom.Object, _ string) {
	if b.device == o {
		b.device = nil
	}
}

// enqueue has a job done when those before it are.
func (b *Backend) enqueue(job func()) {
	if b.closed {
		return
	}
	b.jobs = append(b.jobs, job)
	if !b.working {
		b.working = true
		b.set.working.Go(b.work)
	}
}

// work does what is to be done, and ends.
func (b *Backend) work() {
	for {
		var job func()
		b.set.do(func() {
			if b.working = len(b.jobs) > 0; b.working {
				job, b.jobs = b.jobs[0], b.jobs[1:]
			}
		})
		if job == nil {
			return
		}
		guard.Run(b.set.log, "the TPM", func() error { job(); return nil })
	}
}

// report logs an error of the driver, as QEMU prints it.
func (b *Backend) report(err error) {
	if err != nil {
		b.set.log.Error(err.Error())
	}
}

// reset starts the TPM anew, with buffers of a size.
func (b *Backend) reset(size int) {
	b.life++
	wait := b.set.Waiting()
	b.enqueue(func() {
		err := b.driver.start(size, wait)
		on := false
		if err == nil && !wait {
			on, err = b.driver.established()
		}
		b.set.do(func() {
			b.broken, b.established = err, on
			if b.started {
				b.report(err)
			}
		})
	})
}

// deliver sends a command; done gets the response under the machine's lock, unless
// there was a reset meanwhile.
func (b *Backend) deliver(locality uint8, command []byte, done func(response []byte)) {
	life := b.life
	command = append([]byte(nil), command...)
	b.enqueue(func() {
		var response []byte
		err := guard.Run(b.set.log, "the TPM", func() (err error) {
			response, err = b.driver.execute(locality, command)
			return err
		})
		if err != nil {
			b.report(err)
			response = failure()
		}
		b.set.do(func() {
			if life == b.life {
				done(response)
			}
		})
	})
}

// cancel ends the command that is being executed, if any.
func (b *Backend) cancel() {
	b.set.working.Go(func() { guard.Run(b.set.log, "the TPM", func() error { b.driver.cancel(); return nil }) })
}

// resetEstablished clears the flag of a measured launch.
func (b *Backend) resetEstablished() {
	if b.driver.version() != Version20 {
		return
	}
	b.enqueue(func() {
		b.report(b.driver.resetEstablished())
		on, err := b.driver.established()
		b.report(err)
		b.set.do(func() { b.established = on })
	})
}

// VMState saves what [Set.Collect] has read, or loads what [Set.Install] takes to
// the TPM.
func (b *Backend) VMState(f *vmstate.Fields) {
	if err := b.driver.movable(); err != nil && !f.Loading() {
		f.Fail(err)
		return
	}
	f.Field("state", &b.state)
	f.Loaded(func() { b.stale = true })
}

// install gives the TPM the state that has come, if any.
func (b *Backend) install() error {
	var come state
	stale := false
	b.set.do(func() {
		stale, come = b.stale, b.state
		b.stale, b.state = false, state{}
	})
	if !stale {
		return nil
	}
	err := b.driver.load(come)
	on := false
	if err == nil {
		on, err = b.driver.established()
	}
	b.set.do(func() { b.broken, b.established = err, on })
	return err
}

// errClosed ends what nobody waits for any more.
var errClosed = errors.New("the machine ends")

// wait does a job behind the others and returns how it went; the lock is not held.
func (b *Backend) wait(job func() error) error {
	done := make(chan error, 1)
	b.set.do(func() {
		if b.closed {
			done <- errClosed
			return
		}
		b.enqueue(func() { done <- job() })
	})
	return <-done
}
