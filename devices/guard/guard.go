package guard

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Run calls f, which does what is named, and returns its error. A panic of f is
// one as well, see [Recover].
func Run(log *slog.Logger, what string, f func() error) (err error) {
	defer Recover(log, what, &err)
	return f()
}

// Recover ends a panic of the function that defers it, which does what is named:
// it is logged with its stack, and becomes the error unless err is nil. Where
// nobody would read that, because log is nil or discards all, the panic goes on:
// tests that keep no log notice it.
func Recover(log *slog.Logger, what string, err *error) {
	if log == nil || log.Handler() == slog.DiscardHandler {
		return
	}
	if p := recover(); p != nil {
		log.Error("panic", "in", what, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		if err != nil {
			*err = fmt.Errorf("internal error in %s: %v", what, p)
		}
	}
}
