package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// warnings prints what is logged as a warning or worse in the shape of QEMU's own
// messages: whoever keeps a domain's log looks for those.
type warnings struct{ say, print func(text string) }

// Enabled implements [slog.Handler].
func (warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements [slog.Handler].
func (w warnings) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	if strings.HasPrefix(r.Message, "WARNING: ") {
		w.print(r.Message) // QEMU does not say who warns
		return nil
	}
	if r.Level < slog.LevelError {
		b.WriteString("warning: ")
	}
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	w.say(b.String())
	return nil
}

// WithAttrs implements [slog.Handler]. The one machine of the process needs no
// name.
func (w warnings) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup implements [slog.Handler].
func (w warnings) WithGroup(string) slog.Handler { return w }
