package chardev

import (
	"errors"
	"slices"
	"sync"
)

// ErrNoInstance says that an id is not on the list; on the wire its class is
// DeviceNotFound.
var ErrNoInstance = errors.New("Instance not found")

// Yanks are the connections that the command yank can cut. They have a lock of
// their own and not the machine's, since yank is for machines that hang. The
// zero value is ready to use.
type Yanks struct {
	mu   sync.Mutex
	list []yank
}

type yank struct {
	id  string
	cut func()
}

// Add registers a character device by id; cut ends its connection.
func (y *Yanks) Add(id string, cut func()) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.list = append(y.list, yank{id, cut})
}

// Remove takes an id off the list.
func (y *Yanks) Remove(id string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.list = slices.DeleteFunc(y.list, func(e yank) bool { return e.id == id })
}

// IDs lists the character devices, oldest first as QEMU does.
func (y *Yanks) IDs() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	ids := make([]string, 0, len(y.list))
	for _, e := range y.list {
		ids = append(ids, e.id)
	}
	return ids
}

// Cut ends the connections of the given ids, or none when one is unknown.
func (y *Yanks) Cut(ids []string) error {
	y.mu.Lock()
	var cuts []func()
	for _, id := range ids {
		i := slices.IndexFunc(y.list, func(e yank) bool { return e.id == id })
		if i < 0 {
			y.mu.Unlock()
			return ErrNoInstance
		}
		cuts = append(cuts, y.list[i].cut)
	}
	y.mu.Unlock()
	for _, cut := range cuts {
		cut()
	}
	return nil
}
