// Package qmp is the server side of the QEMU Machine Protocol: sessions,
// negotiation, dispatch of commands, events. It knows nothing of machines; the
// commands are values put into a [CommandSet].
//
// # Sessions
//
// A session goes through these states:
//
//	greeting     connected; only qmp_capabilities is accepted, no events
//	negotiated   commands and events; out-of-band execution if it was enabled
//	closing      the client hung up, was cut off, or the server shuts down:
//	             nothing is read, queued requests are dropped, the request at
//	             work is answered, what is queued is sent within a second
//	closed
//
// Each listener serves one client at a time, as QEMU's character devices do.
//
// # Goroutines
//
//	listener     one per Serve; while a client is connected it is that client's
//	             reader: it parses, runs out-of-band commands, queues the rest
//	writer       one per session, the only one to write to its connection
//	dispatcher   one per server while requests are queued; takes one request of
//	             each session in turn and runs it under the machine lock. A reader
//	             that finds nobody at work does that itself for its own request
//
// An idle server has its listeners only. Shutdown waits for all of them.
//
// # Lock order
//
// Outermost first:
//
//	Config.Do            the machine's lock; command bodies, queueing of replies
//	    Server.mu        set of sessions, their state and requests, order of events
//	        output.mu    what is queued for one client
//
// Nothing blocks on a client under any of them.
//
// # Order of messages
//
// There is one order of events per server, that of the calls of [Server.Emit], and
// every client sees it. The reply of a command is queued before its turn under
// the machine lock ends. So events that the command's body emits precede its
// reply, and whatever is emitted later, be it by work deferred to the end of that
// turn, follows it. Replies to one client come in the order of its requests,
// except that out-of-band commands overtake.
//
// # Limits
//
// A request may be nested 1024 deep and have 2^21 tokens and 64 MiB of them.
// Without "oob" one request is taken at a time, with it eight may wait; beyond
// that the connection is not read. A client that does not read is disconnected
// when 16 MiB are pending for it; nothing is dropped before that.
package qmp
