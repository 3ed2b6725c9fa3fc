package qmptest_test

import (
	"testing"
	"time"

	"github.com/qomd/qomd/qmp/qmptest"
)

func TestUnplugWaitsForTheGuest(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]qmptest.Option{"acpi": nil, "native": {native}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, c := q35(t, opts...)
			addXHCI(m, c)
			c.Must("device_del", x0)
			wantEvents(t, c)
			m.Acknowledge()
			m.Step(10 * time.Second) // a native port waits for the power indicator
			wantEvents(t, c, x0Gone...)
		})
	}
}

// An id can be used again once its event was sent, not before.
func TestIDIsReservedUntilTheEvent(t *testing.T) {
	t.Parallel()
	m, c := q35(t)
	addXHCI(m, c)
	release := m.Hold("/machine/peripheral/x0")
	c.Must("device_del", x0)
	m.Acknowledge()
	wantEvents(t, c)
	wantEqual(t, "Duplicate device ID 'x0'", c.MustFail("device_add", newX0))
	release()
	wantEvents(t, c, x0Gone...)
	c.Must("device_add", newX0)
}

func TestResetCompletesUnplug(t *testing.T) {
	t.Parallel()
	_, c := q35(t, qmptest.GuestNone())
	c.Must("device_add", newX0)
	c.Must("device_del", x0)
	wantEvents(t, c)
	c.Must("system_reset", nil)
	wantEvents(t, c, append([]string{"RESET"}, x0Gone...)...)
}

// A native port refuses to repeat an unplug for five seconds of virtual time.
func TestStepExpiresUnplug(t *testing.T) {
	t.Parallel()
	m, c := q35(t, native)
	m.Step(time.Second) // at virtual time 0 there would be no expiry, see QEMU's device_del
	addXHCI(m, c)
	const refusal = "Device x0 is already in the process of unplug"
	c.Must("device_del", x0)
	wantEqual(t, refusal, c.MustFail("device_del", x0))
	m.Step(4999 * time.Millisecond)
	wantEqual(t, refusal, c.MustFail("device_del", x0))

	c.Must("stop", nil) // virtual time stands still now
	m.Step(time.Hour)
	wantEqual(t, refusal, c.MustFail("device_del", x0))
	c.Must("cont", nil)
	m.Step(time.Millisecond)
	if _, err := c.Execute("device_del", x0); err != nil && err.Error() == refusal {
		t.Error("still refused after five seconds")
	}
}

func TestGuestLinux(t *testing.T) {
	t.Parallel()
	_, c := q35(t, qmptest.GuestLinux())
	c.Must("device_add", newX0)
	c.Must("device_del", x0)
	wantEvents(t, c, x0Gone...)
}

func TestPausedMachineWakesUp(t *testing.T) {
	t.Parallel()
	m := qmptest.Start(t, qmptest.PC(), qmptest.Paused(), qmptest.GuestLinux(), qmptest.Device("usb-ehci,id=e0"))
	c := m.Client()
	var status struct{ Status string }
	c.Must("query-status", nil, &status)
	wantEqual(t, "prelaunch", status.Status)
	c.Must("device_del", qmptest.A{"id": "e0"})
	wantEvents(t, c)
	c.Must("cont", nil)
	wantEvents(t, c, "RESUME", "DEVICE_DELETED e0 /machine/peripheral/e0")
}

// Acknowledging what nobody asked for is a mistake in the test, and said so.
func TestAcknowledgeFails(t *testing.T) {
	t.Parallel()
	t.Run("nothing to do", func(t *testing.T) {
		wantFatal(t, "qmptest: nothing waits for the guest's attention", func(t testing.TB) {
			qmptest.Start(t).Acknowledge()
		})
	})
	t.Run("stopped", func(t *testing.T) {
		wantFatal(t, "qmptest: the machine is stopped, and with it its guest", func(t testing.TB) {
			m := qmptest.Start(t)
			m.Client().Must("stop", nil)
			m.Acknowledge()
		})
	})
	t.Run("by itself", func(t *testing.T) {
		wantFatal(t, "qmptest: this guest acts by itself, or there is none", func(t testing.TB) {
			qmptest.Start(t, qmptest.GuestLinux()).Acknowledge()
		})
	})
}
