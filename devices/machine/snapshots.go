package machine

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/devices/job"
	"github.com/qomd/qomd/devices/migration"
)

// Snapshots are the snapshots of a whole machine, which its images keep. One is
// saved, loaded or deleted at a time. Their methods are called without the
// machine's lock, unless they say otherwise.
type Snapshots struct {
	m    *Machine
	turn chan struct{} // holds one token while somebody is at work
}

func newSnapshots(m *Machine) *Snapshots { return &Snapshots{m, make(chan struct{}, 1)} }

// SnapshotOptions say which snapshot is meant.
type SnapshotOptions struct {
	Name  string
	Dated bool     // Save makes the name of the date
	State *string  // the node that keeps the state of the machine; nil: the first
	Nodes []string // whose content is meant; nil: all that can be written to

	Overwrite bool // Save replaces what has the name already
}

// errBusy is the answer to those who cannot wait for their turn.
var errBusy = errors.New("Another snapshot is being saved, loaded or deleted")

// begin waits for the turn of the caller; locked tells that it has the machine's
// lock, and so cannot wait.
func (s *Snapshots) begin(locked bool) (w *snapshotWork, err error) {
	w = &snapshotWork{m: s.m, locked: locked, do: s.m.Do, end: func() { <-s.turn }}
	if !locked {
		s.turn <- struct{}{}
		return w, nil
	}
	w.do = func(f func()) { f() }
	select {
	case s.turn <- struct{}{}:
		return w, nil
	default:
		return nil, errBusy
	}
}

// Start starts a job that saves, loads or deletes a snapshot; typ is
// "snapshot-save" and so on. It needs the machine's lock. acted is closed when
// that is done; the job does not end before more is closed, or gone is.
func (s *Snapshots) Start(typ, id string, o SnapshotOptions, more, gone <-chan struct{}) (acted <-chan struct{}, err error) {
	work := map[string]func(SnapshotOptions, bool) error{"snapshot-save": s.Save, "snapshot-load": s.Load, "snapshot-delete": s.Delete}[typ]
	done := make(chan struct{})
	j, err := s.m.Jobs.New(job.Spec{
		ID: id, Type: typ, ManualDismiss: true, Unbroken: true,
		Run: func(j *job.Job) error {
			j.SetTotal(1)
			err := work(o, false)
			j.Advance(1)
			close(done)
			select {
			case <-more:
			case <-gone:
			}
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	j.Start()
	return done, nil
}

// Save saves a snapshot.
func (s *Snapshots) Save(o SnapshotOptions, locked bool) error {
	w, err := s.begin(locked)
	if err != nil {
		return err
	}
	defer w.end()
	return w.save(o)
}

// Load makes the machine what it was, and lets it go on if it was running. When
// that fails it stands still.
func (s *Snapshots) Load(o SnapshotOptions, locked bool) error {
	w, err := s.begin(locked)
	if err != nil {
		return err
	}
	defer w.end()
	return w.load(o)
}

// Delete deletes a snapshot, where it is.
func (s *Snapshots) Delete(o SnapshotOptions, locked bool) error {
	w, err := s.begin(locked)
	if err != nil {
		return err
	}
	defer w.end()
	defer w.release()
	w.locking(func() error {
		w.keepers, err = w.m.Blocks.Keepers(o.Nodes)
		return err
	})
	if err != nil {
		return err
	}
	return w.delete(o.Name)
}

// snapshotWork is one of these operations.
type snapshotWork struct {
	m       *Machine
	locked  bool         // the caller has the machine's lock
	do      func(func()) // takes it, if need be
	end     func()
	keepers []*block.Keeper
}

// locking runs f under the lock.
func (w *snapshotWork) locking(f func() error) (err error) {
	w.do(func() { err = f() })
	return err
}

func (w *snapshotWork) release() {
	w.do(func() {
		for _, k := range w.keepers {
			k.Release()
		}
	})
}

// drain waits for requests of devices that are under way. Where the lock is
// held, they end later: nobody has been told that they have.
func (w *snapshotWork) drain() {
	if !w.locked {
		w.m.Blocks.Drain()
	}
}

// collect reads the state of the TPM, for which nobody waits with the lock held.
func (w *snapshotWork) collect() error {
	switch {
	case !w.locked:
		return w.m.TPM.Collect()
	case w.m.TPM.Movable():
		return errors.New("the state of a TPM is saved by the command snapshot-save")
	}
	return nil
}

// install takes its state to the TPM.
func (w *snapshotWork) install() error {
	if w.locked {
		w.m.TPM.InstallSoon()
		return nil
	}
	return w.m.TPM.Install()
}

// everywhere reports whether all keepers have a snapshot of a name.
func (w *snapshotWork) everywhere(name string) bool {
	for _, k := range w.keepers {
		if _, ok := k.Has(name); !ok {
			return false
		}
	}
	return true
}

func (w *snapshotWork) delete(name string) error {
	for _, k := range w.keepers {
		if err := k.Delete(name); err != nil {
			return err
		}
	}
	return nil
}

func (w *snapshotWork) save(o SnapshotOptions) error {
	m := w.m
	defer w.release()
	err := w.locking(func() (err error) {
		if _, err = (mover{m}).Save(); err == nil {
			w.keepers, err = m.Blocks.Keepers(o.Nodes)
		}
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case o.Dated:
	case o.Overwrite:
		if err := w.delete(o.Name); err != nil {
			return err
		}
	case w.everywhere(o.Name):
		return fmt.Errorf("Snapshot '%s' already exists in one or more devices", o.Name)
	}
	keeper, err := block.StateKeeper(w.keepers, o.State)
	if err != nil {
		return err
	}
	w.do(func() {
		m.haltedFrom = m.state
		m.stopAs(SaveVM)
	})
	defer w.do(mover{m}.Release)
	w.drain()
	if err := w.collect(); err != nil {
		return err
	}
	return w.keep(o, keeper)
}

// keep writes the state of the machine, and takes a snapshot of every image.
func (w *snapshotWork) keep(o SnapshotOptions, keeper *block.Keeper) error {
	m := w.m
	date := time.Now().Truncate(time.Microsecond)
	name := o.Name
	if o.Dated {
		name = date.Format("vm-20060102150405")
	}
	var clock time.Duration
	busy := false
	w.do(func() { clock, busy = time.Duration(m.clock.Now()), m.Migration.Busy() })
	if busy {
		return migration.ErrBusy
	}
	to := keeper.StateWriter()
	err := m.Migration.Write(to, w.do)
	if err == nil {
		err = to.Flush()
	}
	if err != nil {
		return err
	}
	for _, k := range w.keepers {
		size := int64(0)
		if k == keeper {
			size = to.Size()
		}
		if err := k.Take(name, date, clock, size); err != nil {
			return err
		}
	}
	return nil
}

func (w *snapshotWork) load(o SnapshotOptions) error {
	m := w.m
	defer w.release()
	err := w.locking(func() (err error) {
		m.haltedFrom = m.state
		m.stopAs(RestoreVM)
		w.keepers, err = m.Blocks.Keepers(o.Nodes)
		return err
	})
	if err != nil {
		return err
	}
	if !w.everywhere(o.Name) {
		return fmt.Errorf("Snapshot '%s' does not exist in one or more devices", o.Name)
	}
	keeper, err := block.StateKeeper(w.keepers, o.State)
	if err != nil {
		return err
	}
	size, _ := keeper.Has(o.Name)
	if size == 0 {
		return errors.New("This is a disk-only snapshot. Revert to it  offline using qemu-img")
	}
	w.drain()
	err = w.locking(func() (err error) {
		for _, k := range w.keepers {
			err = cmp.Or(err, k.MayRevert(o.Name))
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, k := range w.keepers {
		if err := k.Revert(o.Name); err != nil {
			return err
		}
	}
	w.do(func() {
		for _, k := range w.keepers {
			k.Reverted()
		}
		m.coldReset()
	})
	if err := m.Migration.Read(keeper.StateReader(size), w.do); err != nil {
		return err
	}
	if err := w.install(); err != nil {
		return err
	}
	w.do(func() {
		mover{m}.Release()
		mover{m}.Redo()
	})
	return nil
}
