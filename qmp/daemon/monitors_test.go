package daemon_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/qmp/daemon"
	"github.com/qomd/qomd/qom/qomtest"
)

// socketClient is a client on a unix socket that may send descriptors.
type socketClient struct {
	t    *testing.T
	conn *net.UnixConn
	in   *bufio.Reader
}

func dialQMP(t *testing.T, path string) *socketClient {
	t.Helper()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	c := &socketClient{t, conn, bufio.NewReader(conn)}
	c.in.ReadString('\n')
	c.run("qmp_capabilities", "")
	return c
}

// run sends a command with arguments in single-quoted JSON and returns its
// answer as text: the value of "return", or the error's description.
func (c *socketClient) run(command, args string, fds ...int) string {
	c.t.Helper()
	if args == "" {
		args = "{}"
	}
	request := fmt.Sprintf("{'execute': '%s', 'arguments': %s}\n", command, args)
	var rights []byte
	if len(fds) > 0 {
		rights = syscall.UnixRights(fds...)
	}
	if _, _, err := c.conn.WriteMsgUnix([]byte(request), rights, nil); err != nil {
		c.t.Fatal(err)
	}
	for {
		line, err := c.in.ReadBytes('\n')
		if err != nil {
			c.t.Fatal(command, err)
		}
		var reply struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := json.Unmarshal(line, &reply); err != nil {
			c.t.Fatal(err)
		}
		switch {
		case reply.Error != nil:
			return reply.Error.Desc
		case reply.Return != nil:
			return string(reply.Return)
		}
	}
}

func (c *socketClient) want(want, command, args string, fds ...int) {
	c.t.Helper()
	if got := c.run(command, args, fds...); got != want {
		c.t.Errorf("%s %s:\n got %s\nwant %s", command, args, got, want)
	}
}

func bootMonitors(t *testing.T, args ...string) (vm *daemon.VM, socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "qmp.sock")
	args = append([]string{"-machine", "q35", "-accel", "qtest", "-nodefaults", "-display", "none",
		"-qmp", "unix:" + socket + ",server=on,wait=off"}, args...)
	cfg, err := config.ParseArgs("qomd", args)
	if err != nil {
		t.Fatal(err)
	}
	if vm, err = daemon.Start(*cfg, daemon.Options{OnMisfit: func(err error) { t.Error(err) }}); err != nil {
		t.Fatal(err)
	}
	return vm, socket
}

// No descriptor that a client hands over outlives what it was for: a
// connection, a device, or the machine.
func TestDescriptorsDoNotLeak(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	fd := int(null.Fd())
	bootMonitorsOnce(t)
	before := qomtest.Descriptors(t)

	vm, socket := bootMonitors(t)
	c := dialQMP(t, socket)
	idle := qomtest.Descriptors(t)
	c.want("No file descriptor supplied via SCM_RIGHTS", "getfd", "{'fdname': 'a'}")
	c.want("{}", "getfd", "{'fdname': 'a'}", fd)
	c.want("{}", "getfd", "{'fdname': 'a'}", fd)
	c.want("{}", "closefd", "{'fdname': 'a'}")
	c.want("Parameter 'fdname' expects a name not starting with a digit", "getfd", "{'fdname': '1'}", fd)
	c.want("{}", "query-name", "", fd) // takes none of it
	c.want("{}", "getfd", "{'fdname': 'late'}")
	c.want("{}", "closefd", "{'fdname': 'late'}")
	if now := qomtest.Descriptors(t); now != idle {
		t.Errorf("%d descriptors, %d before", now, idle)
	}

	// One that became a netdev goes with that.
	ours, theirs, err := chardev.SocketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	c.want("{}", "getfd", "{'fdname': 's'}", int(theirs.Fd()))
	theirs.Close()
	c.want("{}", "netdev_add", "{'type': 'socket', 'id': 'n', 'fd': 's'}")
	c.want("{}", "netdev_del", "{'id': 'n'}")
	if now := qomtest.Descriptors(t); now != idle+1 { // our end
		t.Errorf("%d descriptors, %d before", now, idle+1)
	}

	// What was not taken goes with the client, named ones and sets with the
	// machine.
	c.want("{}", "query-name", "", fd, fd, fd)
	c.want("{}", "getfd", "{'fdname': 'kept'}", fd)
	if got := c.run("add-fd", "{'fdset-id': 3}", fd); !strings.Contains(got, `"fdset-id": 3`) {
		t.Error(got)
	}
	c.conn.Close()
	vm.Close()
	if now := qomtest.Descriptors(t); now != before+1 {
		t.Errorf("%d descriptors after the end, %d before", now, before+1)
	}
}

// bootMonitorsOnce opens what the process keeps open after its first machine.
func bootMonitorsOnce(t *testing.T) {
	vm, socket := bootMonitors(t)
	dialQMP(t, socket).conn.Close()
	vm.Close()
}

// Monitors come and go while the machine runs, and their clients stay.
func TestMonitorsAtRunTime(t *testing.T) {
	vm, socket := bootMonitors(t)
	defer vm.Close()
	dir := t.TempDir()
	a := dialQMP(t, socket)
	a.want("{}", "chardev-add", "{'id': 'c', 'backend': {'type': 'socket', 'data': {'wait': false, 'addr': {'type': 'unix', 'data': {'path': '"+dir+"/c'}}}}}")
	a.want(`chardev "x" not found`, "object-add", "{'qom-type': 'monitor-qmp', 'id': 'm', 'chardev': 'x'}")
	a.want("{}", "object-add", "{'qom-type': 'monitor-qmp', 'id': 'm', 'chardev': 'c'}")
	a.want("chardev 'c' is already in use", "object-add", "{'qom-type': 'monitor-hmp', 'id': 'h', 'chardev': 'c'}")
	a.want("Chardev 'c' is busy", "chardev-remove", "{'id': 'c'}")
	a.want("Chardev user does not support chardev hotswap", "chardev-change", "{'id': 'c', 'backend': {'type': 'null', 'data': {}}}")
	b := dialQMP(t, dir+"/c")
	b.want("Cannot delete the current QMP monitor", "object-del", "{'id': 'm'}")
	a.want("{}", "object-del", "{'id': 'm'}")
	a.want("{}", "object-add", "{'qom-type': 'monitor-qmp', 'id': 'm2', 'chardev': 'c'}")
	// The client that was left over meets a new monitor.
	if line, err := b.in.ReadString('\n'); err != nil || !strings.Contains(line, "QMP") {
		t.Fatalf("%q, %v", line, err)
	}
	b.run("qmp_capabilities", "")
	b.want("Cannot delete the current QMP monitor", "object-del", "{'id': 'm2'}")
	a.want("{}", "object-del", "{'id': 'm2'}")
	a.want("{}", "chardev-remove", "{'id': 'c'}")
	if _, err := b.in.ReadByte(); err == nil {
		t.Error("the connection outlived its character device")
	}
	a.want("true", "qom-get", "{'path': '/chardevs/compat_monitor0', 'property': 'connected'}")
}
