package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
)

// The running binary, driven by go-qemu's monitor as it is.
func TestGoQEMU(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	qomd := exec.CommandContext(ctx, "qomd") // this test binary, see cmdtest.Main
	qomd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	var stderr strings.Builder
	qomd.Stderr = &stderr
	if err := qomd.Start(); err != nil {
		t.Fatal(err)
	}
	mon := connect(ctx, t, filepath.Join(dir, "qomd", "default.sock"))
	events, err := mon.Events(ctx)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan []string, 1)
	go func() {
		var list []string
		for e := range events {
			list = append(list, e.Event)
		}
		seen <- list
	}()
	for _, cmd := range []string{
		`{"execute": "device_add", "arguments": {"driver": "qemu-xhci", "id": "x0", "bus": "rp0"}}`,
		`{"execute": "device_del", "arguments": {"id": "x0"}}`,
		`{"execute": "quit"}`,
	} {
		if _, err := mon.Run([]byte(cmd)); err != nil {
			t.Fatalf("%s: %v", cmd, err)
		}
	}
	if err := qomd.Wait(); err != nil {
		t.Errorf("qomd: %v\n%s", err, &stderr)
	}
	mon.Disconnect()
	if got := strings.Join(<-seen, " "); got != "DEVICE_DELETED DEVICE_DELETED SHUTDOWN" {
		t.Errorf("events: %s", got)
	}
}

// connect connects as soon as somebody listens.
func connect(ctx context.Context, t *testing.T, socket string) *qmp.SocketMonitor {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		mon, err := qmp.NewSocketMonitor("unix", socket, time.Second)
		if err == nil {
			if err := mon.Connect(); err != nil {
				t.Fatal(err)
			}
			return mon
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick.C:
		}
	}
}
