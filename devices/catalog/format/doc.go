// Package format is the container that catalogs are stored in: a few named
// sections, most of them tables of variable-sized records that can be read one
// record at a time without decoding the rest.
//
// It exists because a daemon that must boot in milliseconds cannot parse a
// megabyte of JSON to look at thirty types. Reading never copies: strings are
// sub-strings of the embedded file. Reading never panics either: a file may
// come from a user, so each out-of-range access yields zero values and marks
// the cursor as bad.
//
// Layout, all integers little endian:
//
//	magic "qomcat2\x00"
//	u32   CRC-32 (IEEE) of everything that follows
//	u32   number of sections
//	n x   u32 id, u32 method (0 stored, 1 deflate), u32 offset, u32 length, u32 plain length
//	...   section bodies
//
// A table section is u32 count, (count+1) x u32 offsets into the rest, records.
package format
