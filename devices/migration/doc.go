// Package migration moves a machine to another process: as its source, which
// sends guest memory while the machine runs and its state when it stands still,
// or as its destination. It also holds what a user can set about that,
// capabilities and parameters, with QEMU's checks. It corresponds to migration/
// in QEMU; [Host] is what it wants of a machine.
//
// # The stream
//
// The format is qomd's own: QEMU's streams are not read, and QEMU reads none of
// these. A stream begins with the bytes "QOMD" and a version. Then come records:
// a byte that tells the type, the length of the content, the content, and the
// CRC-32 of all of that; numbers are big-endian.
//
//	H  header: machine type, blocks of memory, devices of users (JSON); first
//	M  memory: number of the block, offset, content
//	P  from here on memory follows the state: postcopy
//	S  state: the devices of users as they are now, and of every object that has
//	   any its path, its type and its fields (JSON); see package vmstate
//	E  the end; over a socket the destination answers with
//	A  how it went (JSON)
//
// Memory that was never written, or holds zeros, is not sent.
//
// # What has to fit
//
// Machine type, memory, and the devices that the source was started with must be
// at the destination: the same type, on the same bus, in the same place there.
// Else it refuses the stream with QEMU's words and ends, as -incoming has it
// there.
//
// Devices that were plugged at the source while it ran may be at the destination
// already, as libvirt has it, which puts them on the command line there. If they
// are not, or of another type, or in another place, they are plugged as they were
// at the source: on the very bus and at the address, unit, port or slot they had,
// also where the request that made them named none, and with the number and the
// MAC address that the machine chose. What the source let go leaves. QEMU wants
// its user to do all that and refuses otherwise; here a test can move a machine
// without telling the destination what happened to it. Backends have to be there:
// netdevs, character devices, block nodes and objects are made by their user on
// both sides. What cannot be plugged or cannot leave is refused, with the reason.
//
// Of two devices in the same place the state must fit: number of queues and
// vectors, ports, features, and of PCI functions what a guest cannot change in
// the configuration space, with QEMU's error. Other properties are the
// destination's own affair as in QEMU, a disk's serial number as well as the cache
// of its image; a MAC address is carried.
//
// # Failover pairs
//
// The primary device of a pair is not carried. Before anything is sent the guest
// is asked to let go of it, and the status is wait-unplug until it has; then the
// standby works alone. At the destination the primary that is hidden there is
// plugged when the guest has arrived, which knows of the pair. A migration that
// fails or is cancelled plugs it again at the source, if need be after waiting
// for the guest for 30 s.
//
// # Images
//
// As in QEMU block nodes are inactive while the machine waits: it has the images
// open and holds no lock. The source makes its own inactive when it sends its
// state, the destination makes them active, and reads again what it knew of them,
// when it goes on. A source that goes on all the same takes them back, or stands
// still when somebody else has them.
//
// # Differences from QEMU
//
// The source is told over sockets whether the machine has arrived, and goes on
// running if it has not; QEMU does so only with return-path. With postcopy the
// destination goes on when it has all memory, not before: nothing here could
// wait for a page. Memory is read once, then compared by sums; multifd, xbzrle,
// compression and zero copy are settings without an effect. Figures count pages
// as they would be on QEMU's wire, 9 bytes for one of zeros, and max-bandwidth
// limits that. RDMA, vsock and CPR are refused, and so are disks that should go
// along: QEMU 7.2's capability "block" can be set, but not migrated with.
//
// With the parameter tls-creds sockets of every kind speak TLS, and other
// channels are refused. A destination talks to one source at a time: one that
// connects and says nothing keeps others out until it is gone.
//
// # Snapshots
//
// [Migration.Write] writes the same stream into an image, of a machine that stands
// still, and [Migration.Read] makes a machine what it was, its devices included.
//
// # Goroutines
//
// Each direction has one goroutine while a migration goes on. It takes the
// machine's lock to copy at most a mebibyte of memory, or the state, and never
// reads or writes with it.
package migration
