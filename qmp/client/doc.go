// Package client talks to a QMP server, QEMU or qomd.
//
// A [Client] implements go-qemu's qmp.Monitor, so everything written for that
// interface runs on it, without the limits of go-qemu's own SocketMonitor:
// replies of any length, several commands at work at once, contexts, errors that
// keep their class ([qmp.Error]), and events that never block the connection.
//
//	c, err := client.Dial(ctx, "unix", "/tmp/qmp.sock", client.Config{})
//	...
//	defer c.Disconnect()
//	var status struct{ Status string }
//	err = c.Execute(ctx, "query-status", nil, &status)
//
// # Concurrency
//
// All methods may be called from any goroutine. One goroutine reads the
// connection from Connect to Disconnect, or until the server hangs up.
package client
