package config

import (
	"time"

	"github.com/qomd/qomd/qmp/qjson"
)

// Chardev is one character device: a monitor's socket, a serial port's end.
type Chardev struct {
	ID string
	// Backend is QEMU's name of the kind: "socket", "null", "stdio", "pty",
	// "file", "ringbuf", "udp", "vc" …
	Backend string
	// Socket is set for the backend "socket", and nil otherwise.
	Socket *Socket
	// Mux lets several front ends share the device.
	Mux bool
	// Path is the file of "file", "pipe", "serial" and "pty".
	Path string
	// Options are the members without a field here, in order.
	Options *qjson.Object
	// Unopened is what QEMU says after the reason when the device cannot be
	// opened; empty for nothing.
	Unopened string
	Origin   Origin
}

// Socket is the address and manner of a socket chardev. Exactly one of Path,
// Host with Port, and FD says where.
type Socket struct {
	Path     string // of a unix socket
	Abstract bool   // Path is in Linux's abstract name space
	Tight    bool   // the abstract name ends with Path, without zero bytes
	Host     string // of TCP; empty is every address
	Port     string // of TCP: a number or a service name; empty if not TCP
	To       uint16 // try ports up to this one when listening; 0 for just Port
	IPv4     *bool  // nil lets the resolver choose
	IPv6     *bool
	FD       string // a number, or the name of a descriptor given by getfd

	Server bool // listen (or accept on FD, when that is a listening socket)
	Wait   bool // block until the first client is there before going on
	// NoDelay turns off Nagle's algorithm.
	NoDelay bool
	// Reconnect is how long a client waits before it tries again; zero never
	// does.
	Reconnect time.Duration
	Telnet    bool
	TN3270    bool
	WebSocket bool
}

// Monitor is one monitor on a chardev.
type Monitor struct {
	// ID is the -mon option's or the object's; empty if it was not given.
	ID string
	// Mode is "control" (QMP) or "readline" (HMP).
	Mode   string
	Pretty bool
	// Chardev is the id of the character device.
	Chardev string
	// Object is set for a monitor made with -object monitor-qmp or
	// monitor-hmp; CloseAction is that object's property.
	Object      bool
	CloseAction string
	// NoReadline turns off line editing (readline=off of monitor-hmp).
	NoReadline bool
	Origin     Origin
}
