package qtest_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/devices/machine/machinetest"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/qtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newServer starts a machine with a clock that is stepped.
func newServer(t testing.TB, typ string) (*machine.Machine, *qtest.Server) {
	t.Helper()
	m := machinetest.Start(t, machine.Options{Type: typ, Accel: "qtest", Memory: 128 << 20,
		RTC: machine.RTC{Base: "2024-02-29T23:59:50", Clock: "vm"}})
	return m, qtest.New(m, nil)
}

func add(t testing.TB, m *machine.Machine, driver, id, addr string) {
	t.Helper()
	var err error
	m.Do(func() {
		m.Env().Ready = false // cold-plugged
		_, err = qdev.Add(m.Env(), qdev.Request{Driver: driver, ID: id, HasID: true, Text: true,
			Props: qjson.NewObject(qjson.Member{Name: "addr", Value: addr})})
		m.Env().Ready = true
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLines plays lines that were recorded with QEMU 11.1.3, and some whose
// answer is qomd's own: QEMU aborts on them.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		name, typ, edu string
		lines          [][2]string
	}{
		{"recorded, memory", "q35", "", [][2]string{
			{"endianness", "OK little"}, {"b64write 0x100 4 AAAA", "OK"}, {"b64read 0x100 4", "OK AAAAAA=="},
			{"read 0x100 4", "OK 0x00000000"}, {"write 0x100 4 0x01", "OK"}, {"memset 0x100 4 0xff", "OK"},
			{"readq 0x100", "OK 0x00000000ffffffff"}, {"module_load x y", "FAIL"}, {"OUTB 1 2", "FAIL Unknown command 'OUTB'"},
		}},
		{"recorded, time", "q35", "", [][2]string{
			{"clock_step 1000", "OK 1000"}, {"clock_set 5000", "OK 5000"}, {"clock_step -5", "FAIL could not advance time"},
			{"clock_step", "OK 27462700"}, {"clock_step", "OK 27462701"}, {"clock_step", "OK 54925401"}, // the interval timer
		}},
		{"recorded, lines of q35", "q35", "4", [][2]string{
			{"irq_intercept_in ioapic", "OK"}, {"irq_intercept_in /nope", "FAIL Unknown device"},
			{"outl 0xcf8 0x80002010", "OK"}, {"outl 0xcfc 0xe0000000", "OK"}, {"outl 0xcf8 0x80002004", "OK"}, {"outl 0xcfc 0x7", "OK"},
			{"writel 0xe0000060 1", "IRQ raise 20\nOK"}, {"writel 0xe0000064 1", "IRQ lower 20\nOK"},
			{"set_irq_in /machine/q35/ioapic unnamed-gpio-in 4 1", "IRQ raise 4\nOK"},
			{"set_irq_in /machine/q35/ioapic unnamed-gpio-in 4 1", "OK"},
			{"set_irq_in ioapic unnamed-gpio-in 4 0", "IRQ lower 4\nOK"}, {"set_irq_in nope x 1 1", "FAIL Unknown device"},
			{"irq_intercept_in ioapic", "OK"}, {"irq_intercept_out /machine/q35/mch", "FAIL IRQ intercept already enabled"},
		}},
		{"recorded, lines of pc", "pc", "4", [][2]string{
			{"irq_intercept_in ioapic", "OK"},
			{"outl 0xcf8 0x80002010", "OK"}, {"outl 0xcfc 0xe0000000", "OK"}, {"outl 0xcf8 0x80002004", "OK"}, {"outl 0xcfc 0x7", "OK"},
			{"writel 0xe0000060 1", "OK"}, {"writel 0xe0000064 1", "OK"}, // not routed anywhere
			{"outl 0xcf8 0x80000860", "OK"}, {"outl 0xcfc 0x0b0b0a0a", "OK"},
			{"writel 0xe0000060 1", "IRQ raise 11\nOK"}, {"writel 0xe0000064 1", "IRQ lower 11\nOK"},
		}},
		{"qomd's own", "q35", "", [][2]string{
			{"outb", "FAIL 'outb' needs 2 arguments"}, {"outb zz 1", "FAIL 'zz' is not a number"}, {"inb 0x10000", "FAIL there is no port 0x10000"},
			{"write 0x100 4 zz", "FAIL 'zz' is not 0x and pairs of hexadecimal digits"}, {"", "FAIL an empty line"},
			{"set_irq_in ioapic unnamed-gpio-in 24 1", "FAIL 'ioapic' has no input unnamed-gpio-in[24]"},
			{"set_irq_in ioapic foo 1 1", "FAIL 'ioapic' has no input foo[1]"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := newServer(t, c.typ)
			if c.edu != "" {
				add(t, m, "edu", "e", c.edu)
			}
			for _, l := range c.lines {
				if diff := cmp.Diff(l[1], s.Run(l[0])); diff != "" {
					t.Errorf("%s (-want +got)\n%s", l[0], diff)
				}
			}
		})
	}
}

// connect serves a client over a connection.
func connect(t *testing.T, s *qtest.Server) *qtest.Client {
	t.Helper()
	ours, theirs := net.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { s.ServeConn(ctx, theirs) })
	c := qtest.NewClient(ours)
	t.Cleanup(func() {
		c.Close()
		cancel()
		serving.Wait()
	})
	return c
}

// TestClient talks over a connection; what others do shows on it as well.
func TestClient(t *testing.T) {
	m, s := newServer(t, "q35")
	add(t, m, "edu", "e", "4")
	c := connect(t, s)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(c.Store(0x1000, []byte("hello")))
	data, err := c.Load(0x1000, 5)
	check(err)
	if string(data) != "hello" {
		t.Errorf("memory holds %q", data)
	}
	check(c.Write(0x2000, 8, 0x1122334455667788))
	if v, err := c.Read(0x2002, 2); err != nil || v != 0x5566 {
		t.Errorf("read 0x%x, %v", v, err)
	}
	check(c.Out(0xcf8, 4, 0x80002000))
	if v, err := c.In(0xcfc, 4); err != nil || v != 0x11e81234 {
		t.Errorf("edu says 0x%x, %v", v, err)
	}
	if now, err := c.Step(time.Second); err != nil || now != time.Second {
		t.Errorf("it is %v, %v", now, err)
	}
	var failed *qtest.Failed
	if err := c.Intercept("nope"); !errors.As(err, &failed) || failed.Answer != "FAIL Unknown device" {
		t.Errorf("intercepting nothing: %v", err)
	}
	check(c.Intercept("ioapic"))
	// While nobody runs a command here: the machine is interrupted from elsewhere.
	s.Run("set_irq_in ioapic unnamed-gpio-in 7 1")
	check(c.WaitIRQ(7, true))
	s.Run("set_irq_in ioapic unnamed-gpio-in 7 0")
	check(c.WaitIRQ(7, false))
	if c.IRQ(7) {
		t.Error("line 7 is high")
	}
	if _, err := c.In(0x70, 3); err == nil {
		t.Error("a port was read by three bytes")
	}
}

// TestStoppedTime: as in QEMU the clock of a stopped machine can be moved, but
// its timers wait.
func TestStoppedTime(t *testing.T) {
	m, s := newServer(t, "q35")
	fired := int64(-1)
	m.AfterFunc(time.Microsecond, func() { fired = m.Now() })
	m.Do(m.Stop)
	if got := s.Run("clock_step 5000"); got != "OK 5000" || fired >= 0 {
		t.Errorf("%s, the timer ran at %d", got, fired)
	}
	m.Do(func() { m.Cont() })
	if fired != 5000 {
		t.Errorf("the timer ran at %d", fired)
	}
}

func BenchmarkRegister(b *testing.B) {
	_, s := newServer(b, "q35")
	for b.Loop() {
		s.Run("inl 0xcfc")
	}
}

// TestDrain has a client that is slow to read the answer to its last line.
func TestDrain(t *testing.T) {
	_, server := newServer(t, "q35")
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan bool)
		go func() { server.ServeConn(ctx, theirs); close(served) }()
		if _, err := ours.Write([]byte("inb 0x70\n")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the answer is being written
		drained := false
		go func() { server.Drain(time.Now().Add(time.Minute)); drained = true }()
		synctest.Wait()
		if drained {
			t.Error("drained, and the answer is not read")
		}
		answer, err := bufio.NewReader(ours).ReadString('\n')
		if err != nil || answer != "OK 0x00ff\n" {
			t.Errorf("answer %q, %v", answer, err)
		}
		synctest.Wait()
		if !drained {
			t.Error("answered, and not drained")
		}
		cancel()
		<-served
	})
}
