// Package scsi models SCSI buses and the devices on them: scsi-hd, scsi-cd,
// scsi-block and scsi-generic, with addresses and errors as QEMU has them.
//
// A host adapter embeds a [Bus], says in [Limits] how far its addresses go, and
// runs command blocks with [Device.Start]. A [Request] is carried out at once;
// its data is moved in pieces of any size, so that a guest cannot make the
// device buffer a whole transfer.
//
// # Concurrency
//
// Everything here needs the machine's lock.
package scsi
