package daemon_test

import (
	"bufio"
	"fmt"
	"net"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/daemon"
)

// With a grace, DEVICE_DELETED or a refusal follows the reply after that time, or
// when somebody gives the next command, and other events do not overtake it.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, err := config.ParseArgs("grace", append(slices.Clone(q35), "-m", "128,slots=1,maxmem=1G", "-object", "x-guest,id=g,devices.m.temper=refuse"))
		if err != nil {
			t.Fatal(err)
		}
		var busy atomic.Int64
		vm, err := daemon.Start(*cfg, daemon.Options{Shared: new(daemon.Shared), Guest: "linux", Grace: 2 * time.Millisecond,
			Busy: func() bool { return busy.Add(-1) >= 0 }, OnMisfit: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatal(err)
		}
		defer vm.Close()
		ours, theirs := net.Pipe()
		defer ours.Close()
		vm.ServeConn(theirs, qmp.Monitor{Name: "grace"})
		r := bufio.NewReader(ours)
		begin := time.Now()
		talk := func(n int, requests ...string) (got []string) {
			for _, request := range requests {
				fmt.Fprintln(ours, request)
			}
			for range n {
				line, err := r.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				what := regexp.MustCompile(`"(return|error|QMP|event": "\w+)"`).FindStringSubmatch(line)
				if what == nil {
					t.Fatalf("received %s", line)
				}
				got = append(got, fmt.Sprint(time.Since(begin), " ", what[1]))
			}
			return got
		}
		talk(1)
		talk(1, `{"execute": "qmp_capabilities"}`)

		add := `{"execute": "device_add", "arguments": {"driver": "usb-tablet", "id": "d", "bus": "xhci.0"}}`
		del := `{"execute": "device_del", "arguments": {"id": "d"}}`
		module := `{"execute": "object-add", "arguments": {"qom-type": "memory-backend-ram", "id": "b", "size": 134217728}}`
		plug := `{"execute": "device_add", "arguments": {"driver": "pc-dimm", "id": "m", "memdev": "b"}}`

		// A grace that a command has cut short does not end the next one.
		begin = time.Now()
		got := talk(2, add, del)
		time.Sleep(time.Millisecond)
		got = append(got, talk(2, add)...)
		got = append(got, talk(2, del)...)
		want := []string{"0s return", "0s return", `1ms event": "DEVICE_DELETED`, "1ms return", "1ms return", `3ms event": "DEVICE_DELETED`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("one after the other (-want +got):\n%s", diff)
		}
		for _, c := range []struct {
			what  string
			busy  int // at the end of so many graces
			begin []string
			say   []string
			want  []string
		}{
			{"nothing else happens", 0, []string{add}, []string{del},
				[]string{"0s return", `2ms event": "DEVICE_DELETED`}},
			{"the client is late", 3, []string{add}, []string{del},
				[]string{"0s return", `8ms event": "DEVICE_DELETED`}},
			{"the client never runs", 1000, []string{add}, []string{del},
				[]string{"0s return", `64ms event": "DEVICE_DELETED`}},
			{"the guest refuses", 0, []string{module, plug, `{"execute": "query-name"}`}, []string{`{"execute": "device_del", "arguments": {"id": "m"}}`},
				[]string{"0s return", `2ms event": "ACPI_DEVICE_OST`}},
			{"the host stops the machine", 0, []string{add}, []string{del},
				[]string{"0s return", `2ms event": "DEVICE_DELETED`, `2ms event": "STOP`}},
			{"the next command runs", 0, []string{add}, []string{del, add},
				[]string{"0s return", `0s event": "DEVICE_DELETED`, "0s return"}},
			{"the machine ends", 0, []string{add}, []string{del, `{"execute": "quit"}`},
				[]string{"0s return", `0s event": "DEVICE_DELETED`, `0s event": "SHUTDOWN`, "0s return"}},
		} {
			busy.Store(int64(c.busy))
			begun := len(c.begin)
			if slices.Contains(c.begin, plug) {
				begun++ // the guest says that it has the module
			}
			talk(begun, c.begin...)
			begin = time.Now()
			got := talk(1, c.say[0])
			if c.what == "the host stops the machine" {
				vm.Machine.Do(vm.Machine.Stop)
			}
			got = append(got, talk(len(c.want)-1, c.say[1:]...)...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.what, diff)
			}
		}
	})
}
