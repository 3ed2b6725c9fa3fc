package qmp

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/qomd/qomd/qmp/qjson"
)

// Call is one run of a command.
type Call struct {
	Session *Session
	Command *Command
	Args    *qjson.Object // never nil
	OOB     bool          // run out of band, without the machine lock

	started bool     // it was let run
	canWait bool     // the command may step aside
	after   []func() // once the reply is on its way to the client
	onReply func()   // with the reply of a success, server.mu held
}

// Started reports whether the command was allowed and its arguments fitted.
func (c *Call) Started() bool { return c.started }

// Context is done when the session ends.
func (c *Call) Context() context.Context { return c.Session.ctx }

// AfterReply has fn run once the reply of this call has been handed to the
// connection, or cannot be any more because the client is gone. fn runs on the
// session's writer, without any lock: it may signal, but not wait for the
// session or call [Server.Shutdown] itself.
func (c *Call) AfterReply(fn func()) { c.after = append(c.after, fn) }

// do runs the command, or a part of it. A panic becomes an error reply, so that one broken command
// does not take all machines of the process with it.
func (c *Call) do(part func() (any, error)) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.logPanic(p)
			result, err = nil, Errorf(GenericError, "internal error in command '%s': %v", c.Command.Name, p)
		}
	}()
	return part()
}

func (c *Call) logPanic(p any) {
	c.Session.server.log.Error("command panicked",
		slog.String("cmd", c.Command.Name), slog.Any("panic", p),
		slog.String("session", c.Session.Name()), slog.String("stack", string(debug.Stack())))
}
