// Package dirtyrate measures how fast guest memory changes, as calc-dirty-rate
// does: by the sums of pages before and after a time, of a sample of the pages
// or of all. A page that is written to and holds the same afterwards was not
// changed: a QEMU that logs writes would count it. Nothing else is done while
// the time passes, and all pages are summed under the machine's lock.
package dirtyrate
