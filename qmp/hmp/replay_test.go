package hmp_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/daemon"
	"github.com/qomd/qomd/qmp/transcript"
)

// TestReplay plays sessions recorded from QEMU 11.1.3 against whole machines,
// byte for byte.
func TestReplay(t *testing.T) {
	list, err := transcript.LoadDir("testdata/transcripts")
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range list {
		t.Run(tr.Name, func(t *testing.T) {
			p := startMachine(t, tr)
			if err := p.Play(tr); err != nil {
				t.Error(err)
			}
		})
	}
}

// startMachine starts the machine of a recording and returns what plays on it.
func startMachine(t *testing.T, tr *transcript.Transcript) *transcript.Player {
	t.Helper()
	dir := t.TempDir()
	fill := func(s string) string { return strings.ReplaceAll(s, "{dir}", dir) }
	args := make([]string, len(tr.Args))
	for i, a := range tr.Args {
		args[i] = fill(a)
	}
	cfg, err := config.ParseArgs("qemu-system-x86_64", args)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := daemon.Start(*cfg, daemon.Options{OnMisfit: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() { // a machine that ended goes by itself, as a process does
		defer close(closed)
		<-vm.Done()
		vm.Close()
	}()
	t.Cleanup(func() {
		vm.Quit(machine.HostSignal)
		<-closed
	})
	return &transcript.Player{
		Fill:     fill,
		MaxQuiet: 20 * time.Millisecond,
		Dial: func(address string) (net.Conn, error) {
			network, path, _ := strings.Cut(fill(address), ":")
			return net.Dial(network, path)
		},
		Exit: func() (int, error) {
			select {
			case <-vm.Done():
				return vm.Wait(), nil
			case <-time.After(time.Minute):
				return 0, errors.New("the machine does not end")
			}
		},
	}
}
