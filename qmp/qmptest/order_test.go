package qmptest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
)

const usb = "qemu-xhci,id=usb,p2=15"

// talk sends a line and returns the next n, cut to what tells them apart.
func talk(t testing.TB, conn net.Conn, r *bufio.Reader, text string, n int) (said []string) {
	t.Helper()
	if text != "" {
		if _, err := io.WriteString(conn, text+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	for range n {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if _, event, ok := strings.Cut(line, `"event": "`); ok {
			line, _, _ = strings.Cut(event, `"`)
		}
		said = append(said, strings.TrimSpace(line))
	}
	return said
}

// dialed is a connection over which capabilities were negotiated.
func dialed(t testing.TB, m *qmptest.Machine) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn := m.Dial()
	r := bufio.NewReader(conn)
	talk(t, conn, r, "", 1)
	talk(t, conn, r, `{"execute": "qmp_capabilities"}`, 1)
	return conn, r
}

// What a command does at once is told before its reply, what it leads to
// after it.
func TestOrderOfRepliesAndEvents(t *testing.T) {
	t.Parallel()
	m := qmptest.Start(t, qmptest.Q35(), qmptest.GuestLinux(), qmptest.Device(rootPort),
		qmptest.Device(usb), qmptest.Device("usb-tablet,id=tab"), qmptest.Device("qemu-xhci,id=x0,bus=rp0"))
	conn, r := dialed(t, m)
	const ok = `{"return": {}}`
	for _, step := range []struct {
		send string
		want []string
	}{
		{`{"execute": "stop"}`, []string{"STOP", ok}},
		{`{"execute": "cont"}`, []string{"RESUME", ok}},
		{`{"execute": "system_reset"}`, []string{"RESET", ok}},
		{`{"execute": "device_del", "arguments": {"id": "tab"}}`, []string{ok, "DEVICE_DELETED"}},
		{`{"execute": "device_del", "arguments": {"id": "x0"}}`, []string{ok, "DEVICE_DELETED", "DEVICE_DELETED"}},
		{`{"execute": "system_powerdown"}`, []string{"POWERDOWN", ok}},
	} {
		if got := talk(t, conn, r, step.send, len(step.want)); strings.Join(got, "\n") != strings.Join(step.want, "\n") {
			t.Errorf("%s: got %q, want %q", step.send, got, step.want)
		}
	}
}

func TestQuitAnnouncesTheEnd(t *testing.T) {
	t.Parallel()
	m := qmptest.Start(t, qmptest.None())
	conn, r := dialed(t, m)
	got := talk(t, conn, r, `{"execute": "quit"}`, 2)
	wantEqual(t, []string{"SHUTDOWN", `{"return": {}}`}, got)
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("after the reply: %v, want the end of the connection", err)
	}
	wantEqual(t, 0, m.VM.Wait())
}

// A client that does not read holds up neither the machine nor other clients,
// and misses nothing when it reads at last.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	m := qmptest.Start(t, qmptest.Q35(), qmptest.Device(usb))
	conn, r := dialed(t, m)
	c := m.Client()
	const rounds = 100
	for i := range rounds {
		id := fmt.Sprintf("t%d", i)
		c.Must("device_add", qmptest.A{"driver": "usb-tablet", "id": id})
		c.Must("device_del", qmptest.A{"id": id})
	}
	fast := c.Events()
	wantEqual(t, rounds, len(fast))
	for i, got := range talk(t, conn, r, "", rounds) {
		if got != "DEVICE_DELETED" {
			t.Fatalf("event %d is %s", i, got)
		}
	}
}

// All monitors see all events in the same order, whoever causes them.
func TestSeveralMonitorsSeeOneOrder(t *testing.T) {
	t.Parallel()
	m := qmptest.Start(t, qmptest.Q35(), qmptest.Device(usb))
	clients := []*qmptest.Client{m.NewClient(), m.NewClient(), m.NewClient()}
	const rounds = 30
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() {
			for n := range rounds {
				id := fmt.Sprintf("c%d-%d", i, n)
				for _, cmd := range []struct {
					name string
					args qmptest.A
				}{
					{"device_add", qmptest.A{"driver": "usb-mouse", "id": id}},
					{"device_del", qmptest.A{"id": id}},
				} {
					if _, err := c.Execute(cmd.name, cmd.args); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	first := lines(clients[0].Events()...)
	wantEqual(t, rounds*len(clients), len(first))
	for _, c := range clients[1:] {
		wantEqual(t, first, lines(c.Events()...))
	}
}
