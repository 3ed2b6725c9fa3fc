// Package vhostuser is the front end of the vhost-user protocol (QEMU's
// docs/interop/vhost-user.rst) as far as a machine without a processor goes: it
// meets the back end at the other end of a character device, virtiofsd for
// example, and learns what that can do. Memory of the guest and rings are not
// shared: no driver here would use them.
//
// The back end is another process, which may take its time: [Begin] and
// [Greeting.End] need the machine's lock, [Greeting.Wait] must not have it. What
// was learnt waits at the character device until a device takes it with [Of].
package vhostuser
