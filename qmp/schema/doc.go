// Package schema reads QEMU's introspection schema, the answer to
// query-qmp-schema, and checks values against it.
//
// [Schema.CheckArguments] reports the mistake that QEMU's input visitor would
// report first, in its words: members are visited in the order of the schema,
// and what is left over is named in the order of the hash table QEMU keeps it in.
//
// What introspection hides is added from tables in this package: the width of
// integers (all are "int" on the wire), the names of alternates, and the commands
// whose arguments QEMU does not check by schema.
//
// # Cost
//
// [New] does nothing until the first question; then one pass over the text finds
// where each entry is (well below a millisecond for the 230 KB of QEMU 11).
// Entries are decoded when they are needed for the first time. A Schema is safe
// for concurrent use and meant to be shared by all machines of a process.
package schema
