package vhostuser_test

import (
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qmptest"
)

// backEnd is the other side: it answers what was asked for, when it may.
type backEnd struct {
	net.Conn
	t    *testing.T
	seen []uint32
}

// Requests that have an answer: features, protocol features, number of queues.
var answers = map[uint32]uint64{1: 1<<30 | 1<<32 | 1<<28, 15: 1<<0 | 1<<9, 17: 8}

// read returns the next request.
func (b *backEnd) read() (request uint32, payload []byte, err error) {
	var head [12]byte
	if _, err := io.ReadFull(b, head[:]); err != nil {
		return 0, nil, err
	}
	le := binary.LittleEndian
	if flags := le.Uint32(head[4:]); flags != 1 {
		b.t.Errorf("flags 0x%x", flags)
	}
	payload = make([]byte, le.Uint32(head[8:]))
	_, err = io.ReadFull(b, payload)
	return le.Uint32(head[:]), payload, err
}

// serve answers until the front end is gone.
func (b *backEnd) serve() {
	le := binary.LittleEndian
	for {
		request, payload, err := b.read()
		if err != nil {
			return
		}
		b.seen = append(b.seen, request)
		if request == 16 && le.Uint64(payload) != 1 {
			b.t.Errorf("it takes the features 0x%x", payload)
		}
		if v, ok := answers[request]; ok {
			b.Write(le.AppendUint64(le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, request), 5), 8), v))
		}
	}
}

// rig is a machine whose character device is connected to a back end.
func rig(t *testing.T) (*qmptest.Machine, *backEnd) {
	path := filepath.Join(t.TempDir(), "fs.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	m := qmptest.Start(t, qmptest.Q35(), qmptest.Device("pcie-root-port,id=rp,chassis=1"))
	m.Client().Must("chardev-add", qmptest.A{"id": "c", "backend": qmptest.A{"type": "socket", "data": qmptest.A{
		"server": false, "addr": qmptest.A{"type": "unix", "data": qmptest.A{"path": path}}}}})
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return m, &backEnd{Conn: conn, t: t}
}

var folder = qmptest.A{"driver": "vhost-user-fs-pci", "id": "fs", "bus": "rp", "chardev": "c", "tag": "shared"}

// A folder comes and goes with its back end, which learns of it each time and
// stays connected.
func TestFolder(t *testing.T) {
	m, b := rig(t)
	c := m.Client()
	done := make(chan struct{})
	go func() { defer close(done); b.serve() }()
	for range 2 {
		c.Must("device_add", folder)
		var status struct {
			Queues   int `json:"num-vqs"`
			Features struct {
				Transports []string `json:"transports"`
			} `json:"host-features"`
		}
		c.Must("x-query-virtio-status", qmptest.A{"path": "/machine/peripheral/fs/virtio-backend"}, &status)
		want := []string{
			"VIRTIO_RING_F_INDIRECT_DESC: Indirect descriptors supported",
			"VIRTIO_F_VERSION_1: Device compliant for v1 spec (legacy)",
		}
		if diff := cmp.Diff(want, status.Features.Transports); diff != "" || status.Queues != 2 {
			t.Errorf("%d queues, features (-want +got):\n%s", status.Queues, diff)
		}
		c.Must("device_del", qmptest.A{"id": "fs"})
		m.Acknowledge()
		c.Await("DEVICE_DELETED") // of what is inside
		c.Await("DEVICE_DELETED")
	}
	c.Must("chardev-remove", qmptest.A{"id": "c"})
	<-done
	once := []uint32{1, 15, 16, 17, 3, 1}
	if want := slices.Concat(once, once); !slices.Equal(b.seen, want) {
		t.Errorf("it asked %v, want %v", b.seen, want)
	}
}

// While a back end takes its time the monitor serves others; when it leaves
// without an answer there is no device, and nothing of it is left.
func TestSilentBackEnd(t *testing.T) {
	m, b := rig(t)
	refused := make(chan string)
	first, second := m.Client(), m.NewClient()
	go func() { refused <- first.MustFail("device_add", folder) }()
	if request, _, err := b.read(); request != 1 || err != nil {
		t.Fatalf("request %d, %v", request, err)
	}
	second.Must("query-status", nil)
	b.Close()
	if got := <-refused; got != "vhost_backend_init failed: Protocol error" {
		t.Error(got)
	}
	second.Must("chardev-remove", qmptest.A{"id": "c"})
}

// What QEMU demands of the properties, before it asks anybody.
func TestRefused(t *testing.T) {
	m := qmptest.Start(t, qmptest.Q35(), qmptest.Device("pcie-root-port,id=rp,chassis=1"), qmptest.Args("-chardev", "null,id=c"))
	c := m.Client()
	for _, test := range []struct {
		name string
		v    any
		want string
	}{
		{"chardev", nil, "missing chardev"},
		{"tag", nil, "missing tag property"},
		{"tag", "", "tag property cannot be empty"},
		{"tag", "0123456789012345678901234567890123456", "tag property must be 36 bytes or less"},
		{"num-request-queues", 0, "num-request-queues property must be larger than 0"},
		{"queue-size", 100, "queue-size property must be a power of 2"},
		{"queue-size", 2048, "queue-size property must be 1024 or smaller"},
		{"queue-size", 64, "vhost_backend_init failed: Protocol error"},
	} {
		args := qmptest.A{}
		for name, v := range folder {
			args[name] = v
		}
		if args[test.name] = test.v; test.v == nil {
			delete(args, test.name)
		}
		if got := c.MustFail("device_add", args); got != test.want {
			t.Errorf("%s=%v: %q, want %q", test.name, test.v, got, test.want)
		}
	}
}
