package scenario

import (
	"errors"
	"sync"
	"time"
)

// wait waits until a condition holds that others bring about and tell of by
// wake; otherwise is the error when it does not in time.
func wait(mu *sync.Mutex, wake *sync.Cond, holds func() bool, otherwise string) error {
	limit := time.AfterFunc(patience, wake.Broadcast)
	defer limit.Stop()
	end := time.Now().Add(patience)
	mu.Lock()
	defer mu.Unlock()
	for !holds() {
		if !time.Now().Before(end) {
			return errors.New(otherwise)
		}
		wake.Wait()
	}
	return nil
}
