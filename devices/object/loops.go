package object

import (
	"errors"
	"fmt"
	"math"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/thread"
	"github.com/qomd/qomd/qom"
)

// IOThread is an iothread: a thread that can be pinned, with nothing to do.
type IOThread struct {
	qom.Object
	thread *thread.Thread // nil unless the machine has threads
}

// ThreadID returns the number of its thread, that of the process where it has
// none.
func (t *IOThread) ThreadID() int { return t.thread.ID() }

// registerLoops adds the event loops. They run nothing here: a machine has one
// lock.
func registerLoops(t *qom.Types) {
	check := func(o *qom.Object) error {
		low, _ := o.Stored("thread-pool-min").(int64)
		high, _ := o.Stored("thread-pool-max").(int64)
		if low > high || high == 0 {
			return errors.New("bad thread-pool-min/thread-pool-max values")
		}
		return nil
	}
	add(t, qom.TypeInfo{
		Name: "event-loop-base", Parent: "object", Abstract: true,
		Init: initially("aio-max-batch", int64(0), "thread-pool-min", int64(0), "thread-pool-max", int64(64)),
		Properties: []*qom.Property{
			integer("aio-max-batch", math.MaxInt64),
			integer("thread-pool-min", math.MaxInt64),
			integer("thread-pool-max", math.MaxInt64),
		},
		ClassInit: with(Behavior{Complete: check}),
	})
	add(t, qom.TypeInfo{
		Name: "iothread", Parent: "event-loop-base",
		New: func() qom.Instance { return new(IOThread) },
		ClassInit: with(Behavior{Complete: func(o *qom.Object) error {
			err := check(o)
			if err == nil && qdev.EnvOf(o).Threads {
				o.Self().(*IOThread).thread = thread.Start("IO " + o.Name())
			}
			return err
		}}),
		Finalize: func(o *qom.Object) { o.Self().(*IOThread).thread.Stop() },
		Init:     initially("poll-max-ns", int64(32768), "poll-grow", int64(2), "poll-shrink", int64(2), "poll-weight", int64(3)),
		Properties: []*qom.Property{
			integer("poll-max-ns", math.MaxInt64),
			integer("poll-grow", math.MaxInt64),
			integer("poll-shrink", math.MaxInt64),
			integer("poll-weight", 63),
		},
	})
	add(t, qom.TypeInfo{
		Name: "main-loop", Parent: "event-loop-base",
		ClassInit: with(Behavior{
			Complete: func(o *qom.Object) error {
				for _, other := range Container(o.Tree()).Children() {
					if other != o && other.Is("main-loop") {
						return errors.New("only one main-loop instance allowed")
					}
				}
				return check(o)
			},
			MayDelete: func(o *qom.Object) error { return fmt.Errorf("Deleting main loop '%s' is not supported", o.Name()) },
		}),
	})
}
