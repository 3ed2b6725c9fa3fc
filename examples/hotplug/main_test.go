package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/go-qemu/qmp"

	"github.com/qomd/qomd/cmd/cmdtest"
	"github.com/qomd/qomd/qmp/qmptest"
)

func TestMain(m *testing.M) { cmdtest.Main(m, map[string]func(){"hotplug": main}) }

func rack(t *testing.T, opts ...qmptest.Option) *qmptest.Machine {
	t.Helper()
	return qmptest.Start(t, append(opts, qmptest.Q35(), qmptest.Device("pcie-root-port,id=rp0,chassis=1"))...)
}

func TestHotplug(t *testing.T) {
	m := rack(t, qmptest.GuestLinux())
	var out strings.Builder
	if err := run(&out, m.Socket(), "qemu-xhci", "rp0", time.Minute); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "plugged a qemu-xhci into rp0\nasked for it to go\ngone after "; !strings.HasPrefix(got, want) {
		t.Errorf("printed %q", got)
	}
}

func TestHotplugWithoutGuest(t *testing.T) {
	m := rack(t, qmptest.GuestNone())
	var out strings.Builder
	err := run(&out, m.Socket(), "qemu-xhci", "rp0", 10*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), `still there after 10ms; draining: {"return": []}`) {
		t.Errorf("got %v", err)
	}
}

func TestHotplugRefused(t *testing.T) {
	m := rack(t)
	var out strings.Builder
	err := run(&out, m.Socket(), "qemu-xhci", "nowhere", time.Second)
	if err == nil || err.Error() != "device_add: Bus 'nowhere' not found" {
		t.Errorf("got %v", err)
	}
}

// go-qemu's monitor, as it is, against our server: connect, run, events.
func TestStockSocketMonitor(t *testing.T) {
	m := rack(t, qmptest.GuestLinux())
	mon, err := qmp.NewSocketMonitor("unix", m.Socket(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := mon.Connect(); err != nil {
		t.Fatal(err)
	}
	if mon.Version.String() != "11.1.3" || len(mon.Capabilities) != 1 || mon.Capabilities[0] != "oob" {
		t.Errorf("greeting: version %v, capabilities %q", mon.Version, mon.Capabilities)
	}
	events, err := mon.Events(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			names = append(names, e.Event)
		}
	}()
	// Without a line end, as go-qemu sends its commands.
	for range 50 {
		for _, cmd := range []string{
			`{"execute": "device_add", "arguments": {"driver": "qemu-xhci", "id": "x0", "bus": "rp0"}}`,
			`{"execute": "device_del", "arguments": {"id": "x0"}}`,
		} {
			text, err := mon.Run([]byte(cmd))
			if err != nil {
				t.Fatalf("%s: %v", cmd, err)
			}
			var reply map[string]any
			if err := json.Unmarshal(text, &reply); err != nil || reply["return"] == nil {
				t.Fatalf("%s: %s, %v", cmd, text, err)
			}
		}
	}
	if _, err := mon.Run([]byte(`{"execute": "nonsense"}`)); err == nil || err.Error() != "The command nonsense has not been found" {
		t.Errorf("an unknown command gave %v", err)
	}
	if _, err := mon.Run([]byte(`{"execute": "stop"}`)); err != nil {
		t.Error(err)
	}
	if err := mon.Disconnect(); err != nil {
		t.Error(err)
	}
	<-done
	if len(names) != 101 || names[100] != "STOP" {
		t.Errorf("%d events, the last of them %v", len(names), names[len(names)-1:])
	}
}
