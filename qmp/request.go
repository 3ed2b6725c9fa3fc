package qmp

import (
	"github.com/qomd/qomd/qmp/qjson"
)

// request is one message of a client: a value, or the mistake in its place.
type request struct {
	value any
	err   error
}

// envelope is a request that has the form of a command.
type envelope struct {
	name string
	oob  bool
	args *qjson.Object // never nil
}

// take is called by the parser for each message. Requests to run out of band are
// run here, on the reader; the others are queued, which may block.
func (c *Session) take(value any, err error) {
	r := request{value, err}
	if o, ok := value.(*qjson.Object); ok && o.Has("exec-oob") && !o.Has("execute") {
		c.serve(r, true)
		return
	}
	c.server.enqueue(c, r)
}

// open checks the form of a command. Where several members are wrong, the order
// in QEMU's hash table decides which one is reported.
func (r request) open(allowOOB bool) (e envelope, err error) {
	if r.err != nil {
		return e, r.err
	}
	o, ok := r.value.(*qjson.Object)
	if !ok {
		return e, Errorf(GenericError, "QMP input must be a JSON object")
	}
	verb := ""
	for name, value := range o.Hashed() {
		switch {
		case name == "execute", name == "exec-oob" && allowOOB:
			if e.name, ok = value.(string); !ok {
				return e, Errorf(GenericError, "QMP input member '%s' must be a string", name)
			}
			if verb != "" {
				return e, Errorf(GenericError, "QMP input member '%s' clashes with '%s'", name, verb)
			}
			verb = name
		case name == "arguments":
			if e.args, ok = value.(*qjson.Object); !ok {
				return e, Errorf(GenericError, "QMP input member 'arguments' must be an object")
			}
		case name == "id":
		default:
			return e, Errorf(GenericError, "QMP input member '%s' is unexpected", name)
		}
	}
	if verb == "" {
		return e, Errorf(GenericError, "QMP input lacks member 'execute'")
	}
	e.oob = verb == "exec-oob"
	if e.args == nil {
		e.args = &qjson.Object{}
	}
	return e, nil
}

// serve answers a request: open, find, allow, check, call, reply. In band the
// caller holds the machine lock.
func (c *Session) serve(r request, outOfBand bool) {
	call := &Call{Session: c, OOB: outOfBand, canWait: !outOfBand}
	result, err := c.run(call, r)
	if a, ok := err.(*aside); ok {
		c.stepAside(call, r, a)
		return
	}
	c.answer(call, r, result, err)
}

// answer ends a request.
func (c *Session) answer(call *Call, r request, result any, err error) {
	if f := c.server.cfg.Answered; f != nil {
		f(call, result, err)
	}
	if err == nil && c.server.cfg.Schema != nil {
		result, err = c.server.cfg.under().Reply(call.Command.Name, result)
	}
	c.reply(call, r, result, err)
}

func (c *Session) run(call *Call, r request) (any, error) {
	s := c.server
	if s.cfg.Heard != nil && r.err == nil {
		s.cfg.Heard(c, r.value)
	}
	ready, oob := c.state()
	e, err := r.open(oob)
	if err != nil {
		return nil, err
	}
	if !ready && e.name != capabilitiesCommand {
		return nil, Errorf(CommandNotFound, "Expecting capabilities negotiation with '%s'", capabilitiesCommand)
	}
	call.Command, call.Args = s.cfg.Commands.Lookup(e.name), e.args
	described := s.cfg.Schema != nil
	if call.Command == nil || described && !s.cfg.Schema.HasCommand(e.name) {
		return nil, Errorf(CommandNotFound, "The command %s has not been found", e.name)
	}
	if described {
		if err := s.cfg.under().RefuseCommand(e.name); err != nil {
			return nil, Errorf(CommandNotFound, "%s", err)
		}
	}
	if e.oob && call.Command.Flags&AllowOOB == 0 {
		return nil, Errorf(GenericError, "The command %s does not support OOB", e.name)
	}
	if s.cfg.Allowed != nil {
		if err := s.cfg.Allowed(call.Command); err != nil {
			return nil, err
		}
	}
	if described {
		if err := s.cfg.under().CheckArguments(e.name, e.args); err != nil {
			return nil, err
		}
	}
	if s.cfg.Starting != nil {
		s.cfg.Starting(call)
	}
	call.started = true
	return call.do(func() (any, error) { return call.Command.run(call) })
}

// reply queues the answer.
func (c *Session) reply(call *Call, r request, result any, err error) {
	text, ok := c.replyText(call, r, result, err)
	if !ok {
		text, _ = c.replyText(call, r, nil,
			Errorf(GenericError, "internal error in command '%s': its result has no JSON form", call.Command.Name))
	}
	if err != nil || call.onReply == nil {
		c.sendText(text, call.after)
		return
	}
	// No event may slip in between, nor get lost.
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.sendText(text, call.after)
	call.onReply()
}

// replyText encodes the answer. The members stand in the order of QEMU's hash
// table: "return" before "id" before "error". It fails if a command returned what
// cannot be encoded.
func (c *Session) replyText(call *Call, r request, result any, err error) (text []byte, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			call.logPanic(p)
			text, ok = nil, false
		}
	}()
	var id any
	hasID := false
	if o, ok := r.value.(*qjson.Object); ok {
		id, hasID = o.Get("id")
	}
	if c.pretty.Load() {
		o := &qjson.Object{}
		if hasID {
			o.Set("id", id)
		}
		if err != nil {
			o.Set("error", c.server.cfg.worded(err))
		} else {
			o.Set("return", result)
		}
		return c.encode(nil, o), true
	}
	// The same by hand: this is the hot path.
	text = make([]byte, 0, 128)
	if err != nil {
		text = append(text, '{')
		if hasID {
			text = append(text, `"id": `...)
			text = append(qjson.Append(text, id, false), ", "...)
		}
		e := c.server.cfg.worded(err)
		text = append(text, `"error": {"class": `...)
		text = append(qjson.AppendString(text, string(e.Class)), `, "desc": `...)
		text = append(qjson.AppendString(text, e.Desc), '}')
	} else {
		text = append(text, `{"return": `...)
		text = qjson.Append(text, result, false)
		if hasID {
			text = append(text, `, "id": `...)
			text = qjson.Append(text, id, false)
		}
	}
	return append(text, "}\r\n"...), true
}
