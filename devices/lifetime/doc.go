// Package lifetime names the rules by which a machine's objects may live and
// end, and tells who keeps what from ending.
//
// # Models
//
// A machine has one [Model]. The default, storage-ref, is the rule that the
// patches "qom: Tighten object lifetime handling" (qemu-devel, June 2026)
// propose; the others let the same commands run under the rules it is compared
// with, that of QEMU 11.1 and that of QEMU 7.2 included.
//
// # Reports
//
// [Draining] and [Of] describe storage and its holders as data, which is also
// what the monitor sends; [Write] and [WriteDot] print them for people.
//
// The package knows objects only, no devices; it needs the machine's lock where
// package qom does.
package lifetime
