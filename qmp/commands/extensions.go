package commands

import (
	"bytes"
	_ "embed" // for the schema of our own commands
)

// extensions is the introspection of the commands that QEMU does not have, in
// the form of query-qmp-schema.
//
//go:embed extensions.json
var extensions []byte

// joinArrays puts the elements of two JSON arrays into one.
func joinArrays(a, b []byte) []byte {
	a, b = bytes.TrimSpace(a), bytes.TrimSpace(b)
	joined := make([]byte, 0, len(a)+len(b))
	joined = append(joined, a[:len(a)-1]...)
	joined = append(joined, ',')
	return append(joined, b[1:]...)
}
