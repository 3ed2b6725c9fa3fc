package daemon_test

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/daemon"
)

// TestConnectWhileClosing: a connection that comes while the machine is taken
// down is served or hung up on, never left open, and never served by what has
// gone.
func TestConnectWhileClosing(t *testing.T) {
	for range 20 {
		vm, err := daemon.Start(config.Machine{Type: "none"}, daemon.Options{OnMisfit: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatal(err)
		}
		var clients sync.WaitGroup
		for range 8 {
			ours, theirs := net.Pipe()
			clients.Go(func() {
				vm.ServeConn(theirs, qmp.Monitor{Name: "late"})
				io.Copy(io.Discard, ours) // until we are hung up on
			})
		}
		vm.Close()
		clients.Wait()
	}
}
