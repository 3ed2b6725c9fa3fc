// Package qjson reads and writes JSON the way QEMU's monitor does.
//
// # Values
//
// A parsed value is one of nil, bool, int64, uint64 (only above the range of
// int64), float64, string, []any and *[Object]. Objects keep the order in which
// their members arrived.
//
// # Reading
//
// A [Parser] is fed bytes as they come and reports every value, or every
// mistake, as soon as it is complete. It mirrors QEMU 11's qobject/json-lexer.c,
// json-streamer.c and json-parser.c: single-quoted strings, several values in a
// row with nothing between them, recovery after mistakes, and error texts with
// "line:column:" in front.
//
// # Writing
//
// [Append] writes what qobject_to_json() writes: members in the order of QEMU's
// hash table (see [Object.Hashed]), ", " and ": " between things, everything
// outside printable ASCII as \uXXXX, floating point with 17 digits.
//
// # Strings
//
// QEMU keeps strings in C, so U+0000 lives in them as the two bytes C0 80
// ("modified UTF-8"). The parser keeps that form, and Append turns it back into
// \u0000; a plain zero byte in a Go string is written the same way.
package qjson
