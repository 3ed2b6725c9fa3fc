// Package qmptest runs a machine inside a Go test: what net/http/httptest is
// for HTTP clients, this is for whoever talks QMP.
//
//	m := qmptest.Start(t, qmptest.Q35(), qmptest.Device("pcie-root-port,id=rp0,chassis=1"))
//	c := m.Client()
//	c.Must("device_add", qmptest.A{"driver": "qemu-xhci", "id": "x0", "bus": "rp0"})
//
// The machine is the real one, with its real monitors: give the address of
// [Machine.Socket], or a connection of [Machine.Dial], to the code under test.
// Everything happens in the test's process; no port is used, any number of
// tests run in parallel, and the machine is taken down by t.Cleanup.
//
// # Control
//
// The guest acknowledges what it is asked only when the test says so, see
// [Machine.Acknowledge], [GuestLinux] and [GuestNone]. Virtual time moves only
// by [Machine.Step]. [Machine.Hold] keeps a device's storage, and with it
// DEVICE_DELETED, from going.
//
// Inside a testing/synctest bubble use Dial or Client: they are in memory, while
// sockets are not.
//
// # What is verified
//
// Of every machine, whatever its test is about: that each reply and each event
// fits the introspection schema, that no rule of the lifetime of objects was
// broken, that the invariants of the object tree hold, and that nothing is
// still held once the machine is gone.
//
// # When a test fails
//
// The conversation of all clients is printed as the machine saw it: "->" for
// what it got, "<-" for what it sent, ".." for what it logged and what the test
// did to it. From the second client on the marks have a number.
//
// # Concurrency
//
// A [Machine] may be used by several goroutines of a test, a [Client] by one at
// a time.
package qmptest
