package qmp

import (
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
)

// Call runs the command called name within the turn of another, under the lock
// that one runs under: the human monitor answers from the same commands as QMP
// does. outer is the call at work; nil for a caller without a session. The
// arguments are the caller's own and are not checked against the schema; nil
// means none. As for a client, a panic becomes an error.
func (set *CommandSet) Call(outer *Call, name string, args *qjson.Object) (result any, err error) {
	cmd := set.Lookup(name)
	if cmd == nil {
		return nil, Errorf(CommandNotFound, "The command %s has not been found", name)
	}
	if args == nil {
		args = qjson.NewObject()
	}
	inner := &Call{Command: cmd, Args: args}
	if outer != nil {
		inner.Session = outer.Session
		defer func() { outer.after = append(outer.after, inner.after...) }()
	}
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, Errorf(GenericError, "internal error in command '%s': %s", name, fmt.Sprint(r))
		}
	}()
	return cmd.run(inner)
}
