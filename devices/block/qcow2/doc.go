// Package qcow2 reads and writes QEMU's image format of that name, versions 2
// and 3, as docs/interop/qcow2.txt of QEMU describes it.
//
// [Create] makes an image, [Open] opens one. An [Image] knows what is in its
// own file; what shows through from a backing image is the caller's, who gives
// it to [Image.ReadAt] and [Image.WriteAt].
//
// Metadata is written at once, in an order in which a crash can lose clusters
// but no data: refcounts first, then data, then the tables that lead to it.
//
// # Limits
//
// Clusters compressed by zlib are read, those by zstd are not; when written to
// they become ordinary ones. Images with extended L2 entries, with an external
// data file or with encryption are refused, and so is writing to one that was
// not closed properly or is marked corrupt.
//
// Snapshots inside an image are taken by [Image.Snapshot]; what they share is
// copied before it is written. The state of a machine lies behind the disk.
//
// Bitmaps are stored by [Image.StoreBitmaps]. Whoever has them in memory says so
// by [Image.UseBitmaps], for an image that is not closed properly.
//
// # Concurrency
//
// The methods of an Image may be called by many goroutines at once.
package qcow2
