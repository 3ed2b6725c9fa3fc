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
// tests run in parallel, and the machine is taken down by t.Cleanup, which also
// verifies the object tree and reports broken lifetime rules as failures.
//
// # Control
//
// The guest acknowledges what it is asked only when the test says so, see
// [Machine.Acknowledge] and [GuestLinux]. Virtual time moves only by
// [Machine.Step]. [Machine.Hold] keeps a device's storage, and with it
// DEVICE_DELETED, from going.
//
// Inside a testing/synctest bubble use Dial: it is in memory, while sockets are
// not.
//
// # When a test fails
//
// The conversation of all connections made with Dial and Client is printed, in
// QEMU's notation: "->" for what the machine got, "<-" for what it sent.
package qmptest
