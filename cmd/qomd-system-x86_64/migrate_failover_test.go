package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/client"
)

// failoverPair is a machine with the standby of a pair, whose primary comes
// later; bridge says whether ACPI or the ports themselves plug it.
func failoverPair(bridge string) []string {
	return []string{
		"-machine", "q35", "-accel", "tcg", "-nodefaults", "-display", "none", "-netdev", "user,id=n0", "-netdev", "user,id=n1",
		"-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=" + bridge,
		"-device", "pcie-root-port,id=rp0,chassis=1", "-device", "pcie-root-port,id=rp1,chassis=2",
		"-device", "virtio-net-pci,id=standby,bus=rp0,netdev=n0,mac=52:54:00:11:22:33,failover=on",
	}
}

var primary = dict{"driver": "e1000e", "id": "primary", "bus": "rp1", "netdev": "n1", "mac": "52:54:00:11:22:33", "failover_pair_id": "standby"}

// statuses wants all events of migrations, and returns those that came so far:
// statuses, and the names of others that matter here.
func statuses(t *testing.T, c *client.Client) func() []string {
	t.Helper()
	ask[dict](t, c, "migrate-set-capabilities", dict{"capabilities": []dict{{"capability": "events", "state": true}}})
	events, err := c.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	return func() []string {
		ask[dict](t, c, "query-name", nil) // what was emitted before it is here then
		for {
			select {
			case e := <-events:
				switch e.Event {
				case "MIGRATION":
					list = append(list, e.Data["status"].(string))
				case "UNPLUG_PRIMARY", "FAILOVER_NEGOTIATED", "DEVICE_DELETED", "STOP", "RESUME":
					list = append(list, e.Event)
				}
			default:
				return list
			}
		}
	}
}

// poll asks until the answer is yes.
func poll(t *testing.T, done func() bool) {
	t.Helper()
	for limit := time.Now().Add(endLimit); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("it does not happen")
		}
	}
}

// there reports whether a machine has a device.
func there(t *testing.T, c *client.Client, id string) bool {
	t.Helper()
	for _, p := range ask[[]dict](t, c, "qom-list", dict{"path": "/machine/peripheral"}) {
		if p["name"] == id {
			return true
		}
	}
	return false
}

// startPair starts a machine and plugs the primary, which comes when the guest
// knows of the pair.
func startPair(t *testing.T, args ...string) *client.Client {
	t.Helper()
	_, c := monitor(t, "source", args...)
	ask[dict](t, c, "device_add", primary)
	poll(t, func() bool { return there(t, c, "primary") })
	return c
}

// The primary leaves the guest before the machine moves, and is plugged at the
// destination when the guest is there.
func TestMigrateFailover(t *testing.T) {
	for _, bridge := range []string{"on", "off"} {
		t.Run(bridge, func(t *testing.T) {
			t.Parallel()
			source := startPair(t, failoverPair(bridge)...)
			_, target := monitor(t, "target", append(failoverPair(bridge), "-incoming", "defer")...)
			ask[dict](t, target, "device_add", primary)
			if there(t, target, "primary") {
				t.Error("the destination has the primary before the guest came")
			}
			left, came := statuses(t, source), statuses(t, target)
			uri := "unix:" + filepath.Join(t.TempDir(), "stream")
			ask[dict](t, target, "migrate-incoming", dict{"uri": uri})
			ask[dict](t, source, "migrate", dict{"uri": uri})
			await(t, source, "completed")
			await(t, target, "completed")
			if diff := cmp.Diff([]string{"setup", "UNPLUG_PRIMARY", "wait-unplug", "active", "STOP", "device", "completed"}, left()); diff != "" {
				t.Errorf("the source (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"setup", "active", "FAILOVER_NEGOTIATED", "RESUME", "completed"}, came()); diff != "" {
				t.Errorf("the destination (-want +got):\n%s", diff)
			}
			if !there(t, target, "primary") {
				t.Error("the destination has no primary")
			}
			ask[dict](t, target, "device_del", dict{"id": "primary"})
			poll(t, func() bool { return !there(t, target, "primary") })
		})
	}
}

// A migration that ends otherwise gives the primary back.
func TestMigrateFailoverBack(t *testing.T) {
	for _, bridge := range []string{"on", "off"} {
		for _, how := range []string{"cancelled", "failed"} {
			t.Run(bridge+" "+how, func(t *testing.T) {
				t.Parallel()
				source := startPair(t, append(failoverPair(bridge), "-object", "x-guest,id=guest")...)
				ask[dict](t, source, "qom-set", dict{"path": "/machine/guest", "property": "temper", "value": "ignore"})
				told := statuses(t, source)
				path := filepath.Join(t.TempDir(), "stream")
				ln, err := net.Listen("unix", path)
				if err != nil {
					t.Fatal(err)
				}
				defer ln.Close()
				ask[dict](t, source, "migrate", dict{"uri": "unix:" + path})
				conn, err := ln.Accept()
				if err != nil {
					t.Fatal(err)
				}
				await(t, source, "wait-unplug")
				want := []string{"setup", "UNPLUG_PRIMARY", "wait-unplug"}
				conn.Close()
				if how == "cancelled" {
					ask[dict](t, source, "migrate_cancel", nil)
					if s := ask[status](t, source, "query-migrate", nil); s.Status != "cancelling" {
						t.Errorf("it is %s while the guest has the primary", s.Status)
					}
					want = append(want, "cancelling", "cancelled")
				} else {
					want = append(want, "active", "failing", "failed")
				}
				ask[dict](t, source, "qom-set", dict{"path": "/machine/guest", "property": "temper", "value": "accept"})
				await(t, source, how)
				if diff := cmp.Diff(want, told()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				// It is a device as any other again.
				ask[dict](t, source, "device_del", dict{"id": "primary"})
				poll(t, func() bool { return strings.HasSuffix(strings.Join(told(), " "), how+" DEVICE_DELETED") })
			})
		}
	}
}
