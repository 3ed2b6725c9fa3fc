package daemon

import (
	"context"
	"log/slog"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// logCommand notes, at level debug, a command and what became of it. Of the
// arguments only the id is told: others may be passwords, or files' contents.
func (vm *VM) logCommand(call *qmp.Call, err error) {
	ctx := call.Context()
	if !vm.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("session", call.Session.Name()), slog.String("command", call.Command.Name)}
	if id, ok := call.Args.Get("id"); ok {
		attrs = append(attrs, slog.Any("id", id))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	vm.log.LogAttrs(ctx, slog.LevelDebug, "command", attrs...)
}

// logEvent notes, at level debug, an event that clients are sent.
func (vm *VM) logEvent(name string, data any) {
	ctx := context.Background()
	if !vm.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("event", name)}
	if data != nil {
		attrs = append(attrs, slog.String("data", string(qjson.Append(nil, data, false))))
	}
	vm.log.LogAttrs(ctx, slog.LevelDebug, "event", attrs...)
}
