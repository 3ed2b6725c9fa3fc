// Package cxl models memory expanders of Compute Express Link, cxl-type3, and the
// ports they are behind: as a driver sees them that was written after the CXL
// specification 3.1, and as QEMU 11.1 answers.
//
// A device has two blocks of registers. BAR 0 has those of a CXL component
// (section 8.2.4): HDM decoders, and the RAS capability with the errors of the
// link. BAR 2 has those of a CXL device (section 8.2.8): status, the mailbox,
// and the state of its memory. What is done over the mailbox is one file per
// set of commands; [newCommands] is the table of all, from which the Command
// Effects Log is made.
//
// A machine with cxl=on has host bridges, which come with expanders pxb-cxl, and
// fixed memory windows: what is accessed there goes to the host bridges in turn,
// and through the decoders of host bridge and switch to the device whose memory
// it is. [Windows] has both.
//
// Whoever stands outside injects errors: [Type3.InjectPoison],
// [Type3.InjectUncorrectable], [Type3.InjectCorrectable], [Type3.Record] and
// [Type3.OfferCapacity] are what QMP's cxl-* commands do.
//
// # Limits
//
// ACPI's tables do not tell of windows and host bridges (CEDT), which a guest has
// to find otherwise. QEMU 11.1.3 maps what decoders lead to without interleaving
// as memory, and leaves it there whatever the decoders say later; here each access
// goes through them. While a sanitize goes on the media answers nothing, as the specification
// says and QEMU 11.1.3 forgets; the list of extents has accepted ones only. Of the
// mailbox QEMU's sets for firmware, features and maintenance are missing, and so
// is the mailbox of the fabric manager; of the function, the table of its
// performance (CDAT). Nothing that is missing is advertised.
package cxl
