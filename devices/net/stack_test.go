package net_test

import (
	"encoding/binary"
	"errors"
	"io"
	stdnet "net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/net"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
	"github.com/qomd/qomd/qom/qomtest"
)

// plug makes a card on the system bus.
func (r *rig) plug(id, netdev string) (*card, error) {
	r.Helper()
	var d *qdev.Device
	var err error
	r.do(func() {
		d, err = qdev.Add(r.env, qdev.Request{
			Driver: "test-card", ID: id, HasID: id != "", Props: qjson.NewObject(qjson.Member{Name: "netdev", Value: netdev}),
		})
	})
	if err != nil {
		return nil, err
	}
	return d.Self().(*card), nil
}

// What netdev_add answers when it cannot, in QEMU 11.1.3's words.
func TestErrors(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	r.must(`{'type': 'hubport', 'id': 'h0', 'hubid': 0}`)
	for _, tc := range []struct{ args, want string }{
		{`'type': 'hubport', 'id': 'h0', 'hubid': 1`, "Duplicate ID 'h0'"},
		{`'type': 'hubport', 'id': '1x', 'hubid': 1`, "Parameter 'id' expects an identifier"},
		{`'type': 'hubport', 'id': 'x', 'hubid': 0, 'netdev': 'nope'`, "netdev 'nope' not found"},
		{`'type': 'nic', 'id': 'x'`, "network backend 'nic' is not compiled into this binary"},
		{`'type': 'netmap', 'id': 'x', 'ifname': 'y'`, "network backend 'netmap' is not compiled into this binary"},
		{`'type': 'user', 'id': 'x', 'ipv4': false, 'ipv6': false`, "IPv4 and IPv6 disabled"},
		{`'type': 'user', 'id': 'x', 'ip': 'y'`, "Failed to parse netmask"},
		{`'type': 'user', 'id': 'x', 'dhcpstart': '1.1.1.1'`, "DHCP doesn't belong to network"},
		{`'type': 'user', 'id': 'x', 'hostfwd': [{'str': 'y'}]`, "Invalid host forwarding rule 'y' (No : separators)"},
		{`'type': 'tap', 'id': 'x', 'fd': 'nope'`, "File descriptor named 'nope' has not been found"},
		{`'type': 'tap', 'id': 'x', 'fd': '99'`, "Can't set file descriptor 99 non-blocking: Bad file descriptor: Bad file descriptor"},
		{`'type': 'tap', 'id': 'x', 'fd': '1', 'ifname': 'y'`, "ifname=, script=, downscript=, vnet_hdr= are invalid with fd=/fds=/helper="},
		{`'type': 'tap', 'id': 'x', 'fd': '1', 'fds': '2:3'`, "queues=, helper=, fds= and fd= are mutual exclusive"},
		{`'type': 'tap', 'id': 'x', 'helper': '/y'`, "bridge helper failed"},
		{`'type': 'bridge', 'id': 'x'`, "bridge helper failed"},
		{`'type': 'vhost-user', 'id': 'x', 'chardev': 'nope'`, `chardev "nope" not found`},
		{`'type': 'vhost-vdpa', 'id': 'x'`, "vhost-vdpa: neither vhostdev= nor vhostfd= was specified"},
		{`'type': 'vhost-vdpa', 'id': 'x', 'vhostdev': '/dev/nope'`, "Could not open '/dev/nope': No such file or directory"},
		{`'type': 'vde', 'id': 'x'`, "Could not open vde: No such file or directory"},
		{`'type': 'socket', 'id': 'x'`, "exactly one of listen=, connect=, mcast= or udp= is required"},
		{`'type': 'socket', 'id': 'x', 'listen': 'y', 'connect': 'z'`, "exactly one of listen=, connect=, mcast= or udp= is required"},
		{`'type': 'socket', 'id': 'x', 'listen': 'bad'`, "host address 'bad' doesn't contain ':' separating host from port"},
		{`'type': 'socket', 'id': 'x', 'udp': '127.0.0.1:1'`, "localaddr= is mandatory with udp="},
		{`'type': 'socket', 'id': 'x', 'localaddr': '127.0.0.1:0', 'listen': '127.0.0.1:0'`, "localaddr= is only valid with mcast= or udp="},
		{`'type': 'socket', 'id': 'x', 'mcast': '1.1.1.1:1234'`, "specified mcastaddr 1.1.1.1 (0x01010101) does not contain a multicast address"},
		{`'type': 'socket', 'id': 'x', 'fd': '99'`, "can't get socket option SO_TYPE"},
		{`'type': 'stream', 'id': 'x', 'addr': {'type': 'unix', 'path': '/y'}, 'server': true, 'reconnect-ms': 5`, "'reconnect-ms' option is incompatible with socket in server mode"},
		{`'type': 'dgram', 'id': 'x'`, "dgram requires local= parameter"},
		{`'type': 'dgram', 'id': 'x', 'local': {'type': 'inet', 'host': '127.0.0.1', 'port': '0'}`, "type=inet or type=unix requires remote parameter"},
		{`'type': 'dgram', 'id': 'x', 'local': {'type': 'inet', 'host': '127.0.0.1', 'port': '0'}, 'remote': {'type': 'unix', 'path': '/y'}`, "remote and local types must be the same"},
		{`'type': 'dgram', 'id': 'x', 'local': {'type': 'unix', 'path': '` + dir + `/no/l'}, 'remote': {'type': 'unix', 'path': '/y'}`, "can't bind unix=" + dir + "/no/l to socket: No such file or directory"},
		{`'type': 'dgram', 'id': 'x', 'local': {'type': 'fd', 'str': 'nope'}`, "File descriptor named 'nope' has not been found"},
	} {
		if err := r.add("{" + tc.args + "}"); err == nil || err.Error() != tc.want {
			t.Errorf("%s:\n got %v\nwant %s", tc.args, err, tc.want)
		}
	}
	r.do(func() {
		if n := len(r.Clients()); n != 1 {
			t.Errorf("%d netdevs after all these failures", n)
		}
		var missing *qom.NotFoundError
		if err := r.Del("x"); !errors.As(err, &missing) {
			t.Error(err)
		}
		if err := r.SetLink("x", true); !errors.As(err, &missing) {
			t.Error(err)
		}
	})
}

// A netdev that is deleted under a card stays with it: the name is free, the
// link is down, the connection is there, until the card goes.
func TestDeleteInUse(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(t.TempDir(), "s")
	server := `{'type': 'stream', 'id': 'n', 'server': true, 'addr': {'type': 'unix', 'path': '` + path + `'}}`
	r.must(server)
	c, err := r.plug("c", "n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.plug("d", "n"); err == nil || err.Error() != "Property 'test-card.netdev' can't take value 'n', it's in use" {
		t.Error(err)
	}
	if _, err := r.plug("d", "nope"); err == nil || err.Error() != "Property 'test-card.netdev' can't find value 'nope'" {
		t.Error(err)
	}
	conn, err := stdnet.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r.until("connected", func() bool { return len(r.events) == 1 })
	r.do(func() {
		if err := r.Del("n"); err != nil {
			t.Error(err)
		}
		if err := r.Del("n"); err == nil {
			t.Error("deleted twice")
		}
		if diff := cmp.Diff([]bool{false}, c.links); diff != "" {
			t.Error(diff)
		}
		if got, _ := c.Get("netdev"); got != "n" {
			t.Errorf("netdev is %v", got)
		}
		if got, want := r.Describe(), "c: index=0,type=nic,model=test-card,macaddr="; !strings.HasPrefix(got, want) ||
			!strings.HasSuffix(got, "\n \\ n: index=0,type=stream,unix:"+path+"\n") {
			t.Errorf("%q", got)
		}
	})
	r.must(`{'type': 'user', 'id': 'n'}`)
	r.do(func() {
		c.Unrealize()
		c.Unparent()
		r.env.Memory.Settle()
		qomtest.Check(t, r.env.Tree)
	})
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection outlived the card: %v", err)
	}
	r.must(strings.Replace(server, "'n'", "'m'", 1)) // the path is free
}

// frame puts QEMU's length before a frame.
func frame(s string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...)
}

// Frames flow between a peer, a hub and two cards; a link that is down stops
// them.
func TestFrames(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(t.TempDir(), "s")
	r.must(`{'type': 'stream', 'id': 's', 'server': true, 'addr': {'type': 'unix', 'path': '` + path + `'}}`)
	r.must(`{'type': 'hubport', 'id': 'p0', 'hubid': 0, 'netdev': 's'}`)
	r.must(`{'type': 'hubport', 'id': 'p1', 'hubid': 0}`)
	r.must(`{'type': 'hubport', 'id': 'p2', 'hubid': 0}`)
	a, err := r.plug("a", "p1")
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.plug("", "p2")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := stdnet.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	conn.Write(frame("one"))
	r.until("frame at both", func() bool { return len(a.frames) == 1 && len(b.frames) == 1 })
	r.do(func() {
		r.Send(&a.Object, []byte("two"))
		if diff := cmp.Diff([]string{"one", "two"}, b.frames); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"one"}, a.frames); diff != "" {
			t.Error(diff)
		}
		if err := r.SetLink("test-card.1", false); err != nil {
			t.Error(err)
		}
		r.Send(&b.Object, []byte("lost"))
		r.Send(&a.Object, []byte("three"))
		if len(b.frames) != 2 || len(a.frames) != 1 {
			t.Error(a.frames, b.frames)
		}
	})
	want := append(frame("two"), frame("three")...)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != string(want) {
		t.Errorf("%q, %v", got, err)
	}
	conn.Close()
	r.until("told", func() bool { return r.sent["NETDEV_STREAM_DISCONNECTED"] != nil })
	if diff := cmp.Diff([]string{"NETDEV_STREAM_CONNECTED", "NETDEV_STREAM_DISCONNECTED"}, r.events); diff != "" {
		t.Error(diff)
	}
}

// Two machines of one process, joined by a stream that is made again.
func TestReconnect(t *testing.T) {
	a, b := newRig(t), newRig(t)
	path := filepath.Join(t.TempDir(), "s")
	server := `{'type': 'stream', 'id': 's', 'server': true, 'addr': {'type': 'unix', 'path': '` + path + `'}}`
	b.must(`{'type': 'stream', 'id': 'c', 'reconnect-ms': 1, 'addr': {'type': 'unix', 'path': '` + path + `'}}`)
	for i := range 2 {
		a.must(server)
		b.until("connected", func() bool { return len(b.events) == 2*i+1 })
		a.until("connected", func() bool { return len(a.events) == i+1 })
		a.do(func() { a.Del("s") })
		b.until("disconnected", func() bool { return len(b.events) == 2*i+2 })
	}
}

func TestDatagrams(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	peer, err := stdnet.ListenUnixgram("unixgram", &stdnet.UnixAddr{Name: dir + "/r", Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	peer.SetDeadline(time.Now().Add(time.Minute))
	r.must(`{'type': 'dgram', 'id': 'd', 'local': {'type': 'unix', 'path': '` + dir + `/l'}, 'remote': {'type': 'unix', 'path': '` + dir + `/r'}}`)
	c, err := r.plug("c", "d")
	if err != nil {
		t.Fatal(err)
	}
	r.do(func() { r.Send(&c.Object, []byte("out")) })
	buf := make([]byte, 100)
	if n, err := peer.Read(buf); err != nil || string(buf[:n]) != "out" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	peer.WriteTo([]byte("in"), &stdnet.UnixAddr{Name: dir + "/l", Net: "unixgram"})
	r.until("a frame", func() bool { return len(c.frames) == 1 && c.frames[0] == "in" })
	r.do(func() { r.Del("d"); c.Unrealize(); c.Unparent(); r.env.Memory.Settle() })
	if _, err := os.Lstat(dir + "/l"); !os.IsNotExist(err) {
		t.Errorf("the path is still there: %v", err)
	}
}

// A descriptor of a client becomes a netdev, and is closed with it.
func TestDescriptor(t *testing.T) {
	r := newRig(t)
	f, theirs, err := chardev.SocketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, err := unix.FcntlInt(theirs.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	if err := r.files.Name("sk", fd); err != nil {
		t.Fatal(err)
	}
	r.must(`{'type': 'socket', 'id': 's', 'fd': 'sk'}`)
	if err := r.add(`{'type': 'socket', 'id': 's2', 'fd': 'sk'}`); err == nil {
		t.Error("taken twice")
	}
	c, err := r.plug("c", "s")
	if err != nil {
		t.Fatal(err)
	}
	f.Write(frame("hello"))
	r.until("a frame", func() bool { return len(c.frames) == 1 && c.frames[0] == "hello" })
	r.do(func() { c.Unrealize(); c.Unparent(); r.env.Memory.Settle(); r.Del("s") })
	if n, err := f.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAnnounce(t *testing.T) {
	r := newRig(t)
	r.must(`{'type': 'hubport', 'id': 'p0', 'hubid': 0}`)
	r.must(`{'type': 'hubport', 'id': 'p1', 'hubid': 0}`)
	a, err := r.plug("a", "p0")
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.plug("b", "p1")
	if err != nil {
		t.Fatal(err)
	}
	r.do(func() {
		a.Store("mac", qdev.MAC{0x52, 0x54, 0, 1, 2, 3})
		r.Announce(net.Announcement{Rounds: 4, Initial: 50 * time.Millisecond, Step: 100 * time.Millisecond, Max: time.Second, Cards: []string{"a"}})
		for i, wait := range []time.Duration{50, 150, 250} {
			if len(b.frames) != i+1 || len(r.clock.waits) != 1 || r.clock.waits[0].d != wait*time.Millisecond {
				t.Fatalf("%d frames, then waiting for %v", len(b.frames), r.clock.waits)
			}
			r.clock.fire()
		}
		if len(b.frames) != 4 || len(r.clock.waits) != 0 {
			t.Fatalf("%d frames, and waiting for %v", len(b.frames), r.clock.waits)
		}
		f := b.frames[0]
		if len(f) != 60 || f[:6] != "\xff\xff\xff\xff\xff\xff" || f[6:12] != "\x52\x54\x00\x01\x02\x03" || f[12:14] != "\x80\x35" {
			t.Errorf("%x", f)
		}
	})
}

func TestRxFilter(t *testing.T) {
	r := newRig(t)
	r.must(`{'type': 'user', 'id': 'u'}`)
	if _, err := r.plug("c", "u"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"c": "net client(c) doesn't support rx-filter querying", "u": "net client(u) isn't a NIC", "x": "invalid net client name: x",
	} {
		r.do(func() {
			if _, err := r.RxFilters(&name); err == nil || err.Error() != want {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	r.do(func() {
		if list, err := r.RxFilters(nil); err != nil || list == nil || len(list) != 0 {
			t.Error(list, err)
		}
	})
}
