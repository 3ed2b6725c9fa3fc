// Package object makes and removes the objects that users may create beside
// devices: object-add, object-del and -object.
//
// Every type of the catalog that implements user-creatable can be made; its
// properties keep their values. What a type demands, and when it may go, it
// says with a [Behavior] on its class. Objects of ours that QEMU lacks are
// x-hold, which keeps another object's storage from being freed.
//
// # Concurrency
//
// Everything here needs the machine's lock.
package object
