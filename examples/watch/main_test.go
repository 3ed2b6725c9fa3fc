package main

import (
	"io"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/cmd/cmdtest"
	"github.com/qomd/qomd/qmp/qmptest"
)

func TestMain(m *testing.M) { cmdtest.Main(m, map[string]func(){"watch": main}) }

func TestWatch(t *testing.T) {
	m := qmptest.Start(t, qmptest.Q35(), qmptest.Device("qemu-xhci"), qmptest.Device("usb-tablet,id=tab"))
	c := m.Client()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	socket := m.Socket()
	go func() {
		err := run(w, socket)
		w.Close()
		ended <- err
	}()
	first := make([]byte, len("the machine is running\n"))
	if _, err := io.ReadFull(r, first); err != nil {
		t.Fatal(err)
	}
	c.Must("device_del", qmptest.A{"id": "tab"})
	c.Must("stop", nil)
	c.Must("quit", nil)
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	got := regexp.MustCompile(`(?m)^[0-9:.]+`).ReplaceAllString(string(first)+string(rest), "TIME")
	want := `the machine is running
TIME DEVICE_DELETED {"device":"tab","path":"/machine/peripheral/tab"}
TIME STOP
TIME SHUTDOWN {"guest":false,"reason":"host-qmp-quit"}
`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestWatchNobody(t *testing.T) {
	if err := run(io.Discard, t.TempDir()+"/nobody"); err == nil {
		t.Error("no error although nobody listens")
	}
}
