// Command watch prints what happens to a machine, a line per event, until the
// machine ends. It uses go-qemu, and works the same with QEMU.
//
//	watch SOCKET
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: watch SOCKET")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "watch:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, socket string) error {
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
	// A command now would wait for its answer while events wait for us: the
	// question is asked beside the loop that takes them.
	status := make(chan string, 1)
	go func() { status <- askStatus(mon) }()
	for {
		select {
		case s := <-status:
			fmt.Fprintln(out, "the machine is", s)
		case e, open := <-events:
			if !open {
				return mon.Disconnect()
			}
			printEvent(out, e)
		}
	}
}

// askStatus asks how the machine is.
func askStatus(mon qmp.Monitor) string {
	text, err := mon.Run([]byte(`{"execute": "query-status"}`))
	var reply struct {
		Return struct{ Status string }
	}
	if err == nil {
		err = json.Unmarshal(text, &reply)
	}
	if err != nil {
		return "silent: " + err.Error()
	}
	return reply.Return.Status
}

func printEvent(out io.Writer, e qmp.Event) {
	at := time.Unix(e.Timestamp.Seconds, e.Timestamp.Microseconds*1000)
	fmt.Fprint(out, at.Format("15:04:05.000000"), " ", e.Event)
	if len(e.Data) > 0 {
		data, _ := json.Marshal(e.Data) // it came as JSON
		fmt.Fprintf(out, " %s", data)
	}
	fmt.Fprintln(out)
}
