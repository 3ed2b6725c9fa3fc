package qmptest_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp/qmptest"
)

func TestManyMachinesInParallel(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			m := qmptest.Start(t, qmptest.Q35(), qmptest.Device(usb), qmptest.Args("-name", fmt.Sprintf("vm%d", i)))
			var name struct{ Name string }
			m.Client().Must("query-name", nil, &name)
			wantEqual(t, fmt.Sprintf("vm%d", i), name.Name)
		})
	}
}

// In a bubble nothing takes time, and waiting for what never comes ends at once.
func TestSynctest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, c := q35(t)
		addXHCI(m, c)
		c.Must("device_del", x0)
		begin := time.Now()
		fake := runFake(t, func(ft testing.TB) {
			qmptest.NewClient(ft, m.Dial()).Event()
		})
		wantEqual(t, "waiting for an event: nothing came", fake.fatal)
		if time.Since(begin) < time.Second {
			t.Error("the client did not wait at all")
		}
		m.Acknowledge()
		wantEvents(t, c, x0Gone...)
	})
}

// A socket serves one client at a time; the next one waits for its greeting.
func TestSocketServesOneAtATime(t *testing.T) {
	t.Parallel()
	m := qmptest.Start(t, qmptest.None())
	wantEqual(t, m.Socket(), m.Socket())
	first, err := net.Dial("unix", m.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	qmptest.NewClient(t, first)
	second, err := net.Dial("unix", m.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	second.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := second.Read(make([]byte, 1)); n > 0 || !os.IsTimeout(err) {
		t.Errorf("the second client got %d bytes, %v while the first was there", n, err)
	}
	first.Close()
	qmptest.NewClient(t, second).Must("query-status", nil)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "one.yaml")
	text := "machines:\n  - name: one\n    type: q35\n    nodefaults: true\n    guest: linux\n    devices:\n" +
		"      - {driver: qemu-xhci, id: usb, devices: [{driver: usb-kbd, id: kbd}]}\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := qmptest.Start(t, qmptest.Config(cfg.Machines[0]))
	c := m.Client()
	c.Must("device_del", qmptest.A{"id": "kbd"})
	wantEvents(t, c, "DEVICE_DELETED kbd /machine/peripheral/kbd")
}

// Start fails the test, in QEMU's words, when there can be no such machine.
func TestStartFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		opts []qmptest.Option
		want string
	}{
		{[]qmptest.Option{qmptest.Device("nonsense")}, "'nonsense' is not a valid device model name"},
		{[]qmptest.Option{qmptest.Args("-nonsense")}, "-nonsense: invalid option"},
		{[]qmptest.Option{qmptest.Object("x-hold,id=h,target=/nowhere")}, "'/nowhere' not found"},
		{[]qmptest.Option{qmptest.Q35(), qmptest.Config(config.Machine{})}, "cannot be combined"},
	} {
		fake := runFake(t, func(t testing.TB) { qmptest.Start(t, tt.opts...) })
		if !strings.Contains(fake.fatal, tt.want) {
			t.Errorf("got %q, want something with %q", fake.fatal, tt.want)
		}
	}
}

// Whatever a test forgets to let go of is reported with its holder.
func TestForgottenHold(t *testing.T) {
	t.Parallel()
	var release func()
	fake := runFake(t, func(t testing.TB) {
		m := qmptest.Start(t, qmptest.Q35(), qmptest.Device(usb))
		release = m.Hold("/machine/peripheral/usb")
	})
	for _, want := range []string{"still held when the machine was gone", "qemu-xhci #", `x-hold "qmptest /machine/peripheral/usb"`} {
		if !strings.Contains(fake.log.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &fake.log)
		}
	}
	release()
}

func TestHoldNeedsAnObject(t *testing.T) {
	t.Parallel()
	wantFatal(t, `qmptest: nothing at "/machine/peripheral/nobody" to hold`, func(t testing.TB) {
		qmptest.Start(t).Hold("/machine/peripheral/nobody")
	})
}
