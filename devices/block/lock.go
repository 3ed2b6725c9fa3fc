package block

import (
	"fmt"
	"io"
	"syscall"
)

// Commands of fcntl for locks that belong to an open file, not to a process;
// fcntl(2). Package syscall has no names for them.
const (
	ofdGetLock = 36
	ofdSetLock = 37
)

// Where the byte locks lie: one byte per kind of access that somebody uses,
// and one per kind that somebody does not share. Every program that opens
// images as QEMU does knows these places.
const (
	lockUsed     = 100
	lockUnshared = 200
)

// fileLocks are the locks held on a file.
type fileLocks struct{ used, unshared Perm }

// lock takes the locks for a set of permissions, keeping those it had, and
// checks that nobody else stands against them. [fileImage.settle] gives up
// what is not needed any more, [fileImage.unlock] undoes it all.
func (i *fileImage) lock(perm, shared Perm) error {
	if !i.locking {
		return nil
	}
	i.before, i.wanted = i.held, fileLocks{perm & permAll, permAll &^ shared}
	if i.wanted == i.held {
		return nil
	}
	err := i.apply(fileLocks{i.held.used | i.wanted.used, i.held.unshared | i.wanted.unshared})
	if err == nil {
		err = i.foreign(i.wanted)
	}
	if err != nil {
		i.unlock()
	}
	return err
}

// settle keeps exactly what was asked for last.
func (i *fileImage) settle() {
	if i.locking {
		i.apply(i.wanted)
	}
}

// unlock goes back to the locks held before the last change.
func (i *fileImage) unlock() {
	if i.locking {
		i.wanted = i.before
		i.apply(i.before)
	}
}

// apply makes the locks held those given.
func (i *fileImage) apply(want fileLocks) error {
	for bit, name := range permNames {
		p := Perm(1) << bit
		if err := i.change(lockUsed+bit, i.held.used&p != 0, want.used&p != 0); err != nil {
			return fmt.Errorf("Failed to lock byte %d: %s", lockUsed+bit, reason(err))
		}
		i.held.used = i.held.used&^p | want.used&p
		if err := i.change(lockUnshared+bit, i.held.unshared&p != 0, want.unshared&p != 0); err != nil {
			return fmt.Errorf("Failed to get shared \"%s\" lock", name)
		}
		i.held.unshared = i.held.unshared&^p | want.unshared&p
	}
	return nil
}

func (i *fileImage) change(at int, is, want bool) error {
	if is == want {
		return nil
	}
	l := syscall.Flock_t{Type: syscall.F_UNLCK, Whence: io.SeekStart, Start: int64(at), Len: 1}
	if want {
		l.Type = syscall.F_RDLCK
	}
	return syscall.FcntlFlock(i.f.Load().Fd(), ofdSetLock, &l)
}

// foreign looks for other openers that stand against a set of permissions.
func (i *fileImage) foreign(want fileLocks) error {
	for bit, name := range permNames {
		p := Perm(1) << bit
		if want.used&p != 0 && i.taken(lockUnshared+bit) {
			return fmt.Errorf("Failed to get \"%s\" lock", name)
		}
		if want.unshared&p != 0 && i.taken(lockUsed+bit) {
			return fmt.Errorf("Failed to get shared \"%s\" lock", name)
		}
	}
	return nil
}

// taken reports whether another opener holds a byte.
func (i *fileImage) taken(at int) bool {
	l := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: int64(at), Len: 1}
	return syscall.FcntlFlock(i.f.Load().Fd(), ofdGetLock, &l) == nil && l.Type != syscall.F_UNLCK
}
