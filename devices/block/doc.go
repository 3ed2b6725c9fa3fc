// Package block is a machine's block layer as its monitors see it: a graph of
// nodes, and the backends that connect devices to it.
//
// A node has a driver and children: a raw node on a file node, a qcow2 node on
// a file node and a backing node. Whoever uses a node (another node, a device,
// a job) does so by an edge, which says what the user needs and what it lets
// others do; [Graph] refuses a change after which these would conflict. A file
// node takes the same byte locks that QEMU takes, so that two programs, one of
// them perhaps a QEMU, cannot write to one image.
//
// # Reading and writing
//
// [Backend.Async] is what device models use: requests run on goroutines of
// their own and are handed back under the machine's lock. Nothing waits for
// them: a node that is deleted disappears at once, and its file is closed when
// its last request ended; a device that is unplugged stays allocated, by the
// tokens its model took, until its requests came back. Latency of null-aio and
// limits of throttling pass in virtual time, without a goroutine.
//
// # Jobs
//
// A job reads and writes on its own goroutine. What it must know of the writes
// of others it learns from a filter node above the node it copies, as in QEMU;
// [gate] keeps requests back while the graph changes.
//
// # Limits
//
// A backup cannot compress.
//
// A snapshot inside an image is taken without the machine's lock, but in a
// transaction with it.
//
// What package qcow2 cannot write is opened for reading only, or not at all; see
// there. Images with extended L2 entries are read by a library.
//
// An NBD server must answer within 30 seconds to blockdev-add, and within one
// second when a node is opened otherwise, because the machine then waits for it.
// Files are opened, and images created for layers, while the machine waits.
//
// Cache modes are kept and shown; data always goes through the host's cache. I/O
// errors are given to the guest whatever rerror and werror say.
//
// # Concurrency
//
// Everything exported needs the machine's lock, except [Graph.Wait]. The data
// of a node, [image], is used without it.
package block
