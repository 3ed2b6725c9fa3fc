// Package thread makes threads of the operating system that do nothing.
//
// QEMU runs every processor and every iothread in a thread of its own and tells
// their numbers; managers pin, schedule and account them by these. Here nothing
// runs, but the numbers must be those of threads, each of its own.
//
// Elsewhere than on Linux nothing can be pinned by a number, and threads are
// goroutines with the number of the process.
package thread
