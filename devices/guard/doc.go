// Package guard keeps to itself what a client, an image or a broken model does to
// a goroutine: a panic ends the work that it is in, and never the process with all
// its machines.
package guard
