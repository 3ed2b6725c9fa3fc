// Package scsi models SCSI buses and the devices on them: scsi-hd, scsi-cd,
// scsi-block and scsi-generic, with addresses and errors as QEMU has them.
//
// A host adapter embeds a [Bus], says in [Limits] how far its addresses go, and
// runs command blocks with [Device.Start]. What the drive has to do for a
// [Request] is done without the machine's lock and handed back; its data is moved
// in pieces of any size, so that a guest cannot make the device buffer a whole
// transfer.
//
// # Requests in flight
//
// Nobody waits for them. When a disk is unplugged or reset, or the guest gives a
// command up, the adapter is told with an [Ending] as soon as the drive has
// answered; until then the disk stays allocated, held by its request.
//
// # Concurrency
//
// Everything here needs the machine's lock.
package scsi
