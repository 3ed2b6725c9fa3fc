// Command hotplug plugs a device into a running machine, unplugs it, and waits
// until it is really gone. It uses go-qemu, and works the same with QEMU.
//
//	hotplug [-bus rp0] [-driver qemu-xhci] SOCKET
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
)

func main() {
	bus := flag.String("bus", "rp0", "bus to plug the device into")
	driver := flag.String("driver", "qemu-xhci", "model of the device")
	wait := flag.Duration("wait", 10*time.Second, "how long the guest may take to let go")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: hotplug [-bus BUS] [-driver MODEL] [-wait TIME] SOCKET")
		os.Exit(2)
	}
	if err := run(os.Stdout, flag.Arg(0), *driver, *bus, *wait); err != nil {
		fmt.Fprintln(os.Stderr, "hotplug:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, socket, driver, bus string, wait time.Duration) error {
	mon, err := qmp.NewSocketMonitor("unix", socket, 5*time.Second)
	if err != nil {
		return err
	}
	if err := mon.Connect(); err != nil {
		return err
	}
	events, err := mon.Events(context.Background())
	if err != nil {
		return err
	}
	// go-qemu stands still while an event waits to be taken, so they are taken
	// from the first moment on.
	const id = "example"
	gone := make(chan struct{})
	go func() {
		for e := range events {
			if e.Event == "DEVICE_DELETED" && e.Data["device"] == id {
				close(gone)
			}
		}
	}()
	defer mon.Disconnect()

	if err := execute(mon, "device_add", map[string]any{"driver": driver, "id": id, "bus": bus}); err != nil {
		return err
	}
	fmt.Fprintf(out, "plugged a %s into %s\n", driver, bus)
	if err := execute(mon, "device_del", map[string]any{"id": id}); err != nil {
		return err
	}
	fmt.Fprintln(out, "asked for it to go")
	start := time.Now()
	select {
	case <-gone:
		fmt.Fprintf(out, "gone after %v\n", time.Since(start).Round(time.Microsecond))
		return nil
	case <-time.After(wait):
	}
	// Real QEMU does not know this command; qomd says who holds what is left.
	draining, err := mon.Run([]byte(`{"execute": "x-query-draining"}`))
	if err != nil {
		return fmt.Errorf("still there after %v", wait)
	}
	return fmt.Errorf("still there after %v; draining: %s", wait, draining)
}

// execute runs a command whose result does not matter.
func execute(mon qmp.Monitor, name string, args map[string]any) error {
	text, err := json.Marshal(qmp.Command{Execute: name, Args: args})
	if err != nil {
		return err
	}
	if _, err := mon.Run(text); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
