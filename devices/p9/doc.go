// Package p9 is a server of the file protocol 9P2000.L, the one that Linux's v9fs
// speaks by default, as QEMU's 9pfs answers it: the same replies, the same order
// of checks, the same errors. The protocol is described in Plan 9's manual,
// section 5 (intro, attach, walk, ...), and for the messages of Linux in the
// project diod's protocol.md. Its older relatives 9P2000 and 9P2000.u are not
// there: a client that asks for them hears "unknown", as the protocol has it.
//
// A [Server] serves one client. [Server.Handle] takes a message and returns the
// answer; the caller carries both, one message after the other, on a goroutine of
// its own, for the files are somewhere on a disk. Which files there are is up to
// an [FS].
//
// What a client has open it names by numbers, its fids. A fid stands for a path
// below the root of the export; it follows when the client renames what it names,
// and has an open file once the client says so.
//
// # Limits
//
// A message has at most [MaxMessage] bytes, a value of an extended attribute
// 64 KiB. Locks of files are always granted and never seen by others, as with
// QEMU. The generation of a file (a field of Tgetattr) is not told.
package p9
