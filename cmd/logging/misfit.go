package logging

import (
	"context"
	"fmt"
	"log/slog"
	"os"
)

// StrictEnv has a program end, with status 70, once it is about to send a reply or
// an event that does not fit the schema of its commands, or has logged a panic. All
// tests run programs like that.
const StrictEnv = "QOMDTEST_STRICT"

func strict() bool { return os.Getenv(StrictEnv) != "" }

// Misfits returns what a program does about such a mistake: nothing, unless the
// environment asks for more.
func Misfits() func(error) {
	if !strict() {
		return nil
	}
	return func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(70)
	}
}

// Strict returns a handler of a program's log: h, but where the environment asks
// for more a panic in the log ends the program.
func Strict(h slog.Handler) slog.Handler {
	if !strict() {
		return h
	}
	return strictHandler{h}
}

type strictHandler struct{ slog.Handler }

func (h strictHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "panic" {
			os.Exit(70)
		}
		return true
	})
	return err
}

func (h strictHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return strictHandler{h.Handler.WithAttrs(attrs)}
}

func (h strictHandler) WithGroup(name string) slog.Handler {
	return strictHandler{h.Handler.WithGroup(name)}
}
