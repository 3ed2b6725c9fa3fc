package block

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/job"
)

// BackupOptions describe a backup.
type BackupOptions struct {
	JobOptions
	Sync       string // "full", "top", "none", "incremental" or "bitmap"
	Bitmap     string // of the source; empty: none
	BitmapMode string // "on-success", "never", "always"; empty: not given
	Compress   bool
	Filter     string
	OnSource   OnError
	OnTarget   OnError
	OnCBW      string // "break-snapshot"; otherwise it is the guest's write that fails
	Txn        *job.Txn
}

// backup is a job that copies a node as it was when the job started: before
// something is overwritten it is copied.
type backup struct {
	*blockJob
	opts           BackupOptions
	source, target *Node
	filter         *Node
	watched        *watchedImage
	bitmap         *bitmap
	todo           *granules // not copied yet; guarded by watched.mu
	saved          int64     // clusters that were copied before a write; guarded by watched.mu
	broken         error     // the snapshot is lost; guarded by watched.mu
}

// started is the action of making a job: it starts when the transaction is
// committed, and is held until that is over.
func started(j *job.Job) Action {
	return Action{
		Commit: func() {
			j.Hold()
			j.Start()
		},
		Clean: j.Release,
		Undo:  func() { _ = j.Cancel(true) },
	}
}

// Backup makes a backup of a node to another.
func (g *Graph) Backup(device, target string, o BackupOptions) (Action, error) {
	source, err := g.findReference(device)
	if err != nil {
		return Action{}, err
	}
	to, err := g.findReference(target)
	if err != nil {
		return Action{}, err
	}
	g.pulse(source)
	g.pulse(to)
	return g.backup(source, to, o)
}

func (g *Graph) backup(source, to *Node, o BackupOptions) (Action, error) {
	b := &backup{opts: o, source: source, target: to}
	if err := b.findBitmap(); err != nil {
		return Action{}, err
	}
	switch {
	case source == to:
		return Action{}, errors.New("Source and target cannot be the same")
	case o.Compress:
		return Action{}, fmt.Errorf("Compression is not supported for this drive %s", to.Drive())
	}
	if err := source.busyFor(opBackup); err != nil {
		return Action{}, err
	}
	if err := to.busyFor(opBackup); err != nil {
		return Action{}, err
	}
	if source.Size() != to.Size() {
		return Action{}, errors.New("Source and target image have different sizes")
	}
	if source.behind() == nil && b.opts.Sync == "top" {
		b.opts.Sync = "full"
	}
	return g.startBackup(b)
}

// findBitmap finds the bitmap of a backup and checks what it is to be used for.
func (b *backup) findBitmap() error {
	o := &b.opts
	if (o.Sync == "bitmap" || o.Sync == "incremental") && o.Bitmap == "" {
		return fmt.Errorf("must provide a valid bitmap name for '%s' sync mode", o.Sync)
	}
	if o.Sync == "incremental" {
		if o.BitmapMode != "" && o.BitmapMode != "on-success" {
			return fmt.Errorf("Bitmap sync mode must be '%s' when using sync mode '%s'", "on-success", o.Sync)
		}
		o.Sync, o.BitmapMode = "bitmap", "on-success"
	}
	if o.Bitmap == "" {
		if o.BitmapMode != "" {
			return errors.New("Cannot specify bitmap sync mode without a bitmap")
		}
		return nil
	}
	for _, m := range b.source.bitmaps {
		if m.name == o.Bitmap {
			b.bitmap = m
		}
	}
	switch {
	case b.bitmap == nil:
		return fmt.Errorf("Bitmap '%s' could not be found", o.Bitmap)
	case o.BitmapMode == "":
		return errors.New("Bitmap sync mode must be given when providing a bitmap")
	}
	if err := b.bitmap.usable(); err != nil {
		return err
	}
	switch {
	case o.Sync == "none":
		return fmt.Errorf("sync mode '%s' does not produce meaningful bitmap outputs", o.Sync)
	case o.BitmapMode == "never" && o.Sync != "bitmap":
		return fmt.Errorf("Bitmap sync mode '%s' has no meaningful effect when combined with sync mode '%s'", o.BitmapMode, o.Sync)
	}
	return nil
}

func (g *Graph) startBackup(b *backup) (Action, error) {
	cluster := int64(64 << 10)
	if h := b.target.header; h != nil {
		cluster = max(cluster, h.ClusterSize())
	}
	b.todo = newGranules(b.source.Size(), cluster)
	if b.opts.Sync == "bitmap" {
		b.todo.merge(b.bitmap.dirty)
	} else {
		b.todo.add(0, b.source.Size())
	}
	b.watched = &watchedImage{before: b.before, progress: b.progress}
	if err := g.checkFilter(b.opts.Filter); err != nil {
		return Action{}, err
	}
	j, err := g.newJob(b.opts.JobOptions, "backup", b.source, job.Spec{
		Txn: b.opts.Txn, Run: func(*job.Job) error { return b.run() }, Idle: b.idle, Prompt: true, Clean: b.clean,
	})
	if err != nil {
		return Action{}, err
	}
	b.blockJob = j
	if err := b.attach(); err != nil {
		b.end()
		j.discard()
		return Action{}, err
	}
	if b.bitmap != nil {
		b.bitmap.lend(b.source)
	}
	b.job.SetTotal(min(b.todo.count*cluster, b.source.Size()))
	return started(j.job), nil
}

func (b *backup) attach() (err error) {
	if b.filter, err = b.g.putAbove(b.source, "copy-before-write", b.opts.Filter, "file", b.watched, b.target); err != nil {
		return err
	}
	b.filter.implicit = false
	if err := b.g.refresh(); err != nil {
		return err
	}
	b.block("main node", b.filter)
	b.block("target", b.target)
	return nil
}

// before copies what is about to be overwritten.
func (b *backup) before(off, n int64) error {
	if b.broken != nil {
		return nil
	}
	for at, k, ok := b.todo.next(off, copyStep); ok && at < off+n; at, k, ok = b.todo.next(at+k, copyStep) {
		left := b.todo.count
		err := b.copyPart(at, min(k, off+n-at))
		b.saved += left - b.todo.count
		if err != nil {
			if b.opts.OnCBW == "break-snapshot" {
				b.broken = err
				b.job.Nudge()
				return nil
			}
			return err
		}
	}
	return nil
}

// copyPart copies the clusters that a range touches, under watched.mu.
func (b *backup) copyPart(off, n int64) error {
	n = (n + b.todo.size - 1) &^ (b.todo.size - 1)
	length := min(n, b.source.img.Size()-off)
	if _, err := copyMapped(b.target.img, []image{b.watched.child()}, off, length); err != nil {
		return err
	}
	b.todo.remove(off, n)
	b.job.Advance(length)
	return nil
}

func (b *backup) idle() bool { return b.opts.Sync == "bitmap" && b.todo.count == 0 }

func (b *backup) run() error {
	b.g.drained(func() {})
	if b.opts.Sync == "none" {
		for {
			if err := b.job.Sit(nil); err != nil {
				return err
			}
			if err := b.lost(); err != nil {
				return err
			}
		}
	}
	if b.opts.Sync == "top" {
		if err := b.skip(); err != nil {
			return err
		}
	}
	for {
		var copied int64
		err := b.persist(b.opts.OnSource, b.opts.OnTarget, func() error {
			b.watched.mu.Lock()
			defer b.watched.mu.Unlock()
			off, n, ok := b.todo.next(0, copyStep)
			if !ok || b.broken != nil {
				return b.broken
			}
			copied = n
			return b.copyPart(off, n)
		})
		if err != nil {
			return err
		}
		if copied == 0 {
			return b.target.img.Flush()
		}
		if err := b.pace(copied); err != nil {
			return err
		}
	}
}

// lost returns why the copy cannot be completed any more, nil when it can.
func (b *backup) lost() error {
	b.watched.mu.Lock()
	defer b.watched.mu.Unlock()
	return b.broken
}

// skip takes out of what is to be copied what the source itself does not have.
func (b *backup) skip() error {
	var chain []image
	b.job.Do(func() {
		top := b.source.unfiltered()
		chain = b.source.chain(top.behind())
	})
	size := b.source.img.Size()
	for off := int64(0); off < size; off += b.todo.size {
		k, n, err := status(chain, off, min(b.todo.size, size-off))
		if err != nil {
			return err
		}
		b.watched.mu.Lock()
		if k == extentBehind && n >= min(b.todo.size, size-off) {
			b.todo.remove(off, 1)
		}
		left := min(b.todo.count*b.todo.size, size)
		b.watched.mu.Unlock()
		b.job.Remaining(left)
		if err := b.job.Point(); err != nil {
			return err
		}
	}
	return nil
}

// clean ends the job's use of everything, and settles what becomes of the
// bitmap.
func (b *backup) clean() {
	if m := b.bitmap; m != nil {
		failed := b.job.Err() != nil
		if failed && b.opts.BitmapMode == "always" {
			// What could be copied needs no more copying.
			m.dirty = newGranules(0, m.granularity)
			m.dirty.merge(b.todo)
		}
		m.giveBack(!failed && b.opts.BitmapMode != "never")
	}
	b.end()
}

func (b *backup) end() {
	if b.filter == nil {
		return
	}
	if err := b.g.takeOut(b.filter, b.source); err != nil {
		b.g.opts.Log.Error("taking a backup's filter out", "error", err)
	}
	b.filter = nil
}

// progress shows what can be asked for, what was copied before a write, and what
// is still to be copied.
func (b *backup) progress() []BitmapInfo {
	b.watched.mu.Lock()
	defer b.watched.mu.Unlock()
	all := (b.source.img.Size() + b.todo.size - 1) / b.todo.size
	return []BitmapInfo{b.todo.unnamed(all), b.todo.unnamed(b.saved), b.todo.unnamed(b.todo.count)}
}
