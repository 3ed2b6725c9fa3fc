package schema

import (
	"github.com/qomd/qomd/glib"
	"github.com/qomd/qomd/qmp/qjson"
)

// firstLeft returns the member of o that QEMU names as unexpected when those in
// seen have been visited. QEMU puts all members into a hash table, takes the
// visited ones out, and names the first one it meets in what is left. With more
// than one left that depends on the table, which is therefore played through.
func firstLeft(o *qjson.Object, seen []string) string {
	var t glib.HashTable
	for name := range o.Hashed() {
		t.Insert(name)
	}
	for _, name := range seen {
		t.Remove(name)
	}
	return t.First()
}
