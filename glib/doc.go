// Package glib models what of GLib is seen through QEMU: the order in which a
// hash table of strings is walked. QEMU keeps properties, types, options and the
// members of arguments in such tables, and lists them, or names the first wrong
// one, in the order of the walk.
package glib
