// Package fsdev holds the folders of the host that a machine shares with its guest
// (-fsdev, -virtfs): what a user says of them, checked as QEMU checks it, and the
// files below them as package p9 serves them.
//
// # Confinement
//
// Nothing outside of an export can be reached. A path is walked name by name with
// openat(2) and O_NOFOLLOW: a symbolic link in the middle of it is an error, at
// its end it is the link itself; ".." is never used. Only files and folders are
// opened, no devices, pipes or sockets.
//
// # Whose files are
//
// With security_model=passthrough what a guest makes belongs to the guest's user,
// for which this process must be root; none is the same, except that it does not
// matter if that fails. With mapped-xattr (mapped) everything belongs to the user
// of this process and is 0600 or 0700 (fmode, dmode); what the guest sees is in
// extended attributes, user.virtfs.uid, .gid, .mode and .rdev, as QEMU writes
// them. mapped-file is not there.
package fsdev
