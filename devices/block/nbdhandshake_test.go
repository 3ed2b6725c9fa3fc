package block_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qomd/qomd/qmp/qmptest"
)

// nbdReply is an answer to the option GO.
func nbdReply(kind uint32, data string) string { return nbdReplyTo(7, kind, data) }

func nbdReplyTo(option, kind uint32, data string) string {
	be := binary.BigEndian
	b := be.AppendUint32(be.AppendUint32(be.AppendUint64(nil, 0x3e889045565a9), option), kind)
	return string(be.AppendUint32(b, uint32(len(data)))) + data
}

// TestNBDHandshake meets servers that say something else than they should: the
// messages are those that QEMU 11.1.3 gave to the same bytes.
func TestNBDHandshake(t *testing.T) {
	const hello = "NBDMAGICIHAVEOPT\x00\x03"
	refusal := func(n uint32) string { return nbdReply(1<<31|n, "why") }
	info := func(data string) string { return nbdReply(3, data) }
	size := strings.Repeat("\x00", 5) + "\x10\x00\x00" // a MiB
	for _, c := range []struct{ hello, answer, want string }{
		{"", "", "Failed to read initial magic: Unexpected end-of-file before all data were read"},
		{"NBDMAG", "", "Failed to read initial magic: Unexpected end-of-file before all data were read"},
		{"NBDMAGIXIHAVEOPT\x00\x03", "", "Bad initial magic received: 0x4e42444d41474958"},
		{"NBDMAGICIHAVEOPX\x00\x03", "", "Bad server magic received: 0x49484156454f5058"},
		{hello, "", "Failed to read option reply: Unexpected end-of-file before all data were read"},
		{hello, "\x00\x03\xe8", "Failed to read option reply: Unexpected end-of-file before all data were read"},
		{hello, strings.Repeat("x", 20), "Unexpected option reply magic"},
		{hello, nbdReplyTo(9, 1, ""), "Unexpected option type 9 (list meta context), expected 7 (go)"},
		{hello, nbdReply(1, "x"), "server sent invalid NBD_REP_ACK"},
		{hello, nbdReply(9, "x"), "unexpected reply type 9 (<unknown>), expected 3 (info)"},
		{hello, nbdReply(1, ""), "broken server omitted NBD_INFO_EXPORT"},
		{hello, info("\x00"), "NBD_REP_INFO length 1 is too short"},
		{hello, info("\x00\x00"), "remaining export info len 0 is unexpected size"},
		{hello, refusal(2), "Denied by server for option 7 (go)"},
		{hello, refusal(3), "Invalid parameters for option 7 (go)"},
		{hello, refusal(4), "Server lacks support for option 7 (go)"},
		{hello, refusal(5), "TLS negotiation required before option 7 (go)"},
		{hello, refusal(6), "Requested export not available"},
		{hello, refusal(7), "Server shutting down before option 7 (go)"},
		{hello, refusal(8), "Server requires INFO_BLOCK_SIZE for option 7 (go)"},
		{hello, refusal(99), "Unknown error code when asking for option 7 (go)"},
		{hello, refusal(1), "Failed to read export length: Unexpected end-of-file before all data were read"},
		{hello, refusal(1) + size + "\x00\x01", ""},
		{hello, info("\x00\x09abc") + info("\x00\x00"+size+"\x00\x01") + nbdReply(1, ""), ""},
		// A server that does not know the fixed style is asked for an export only.
		{"NBDMAGICIHAVEOPT\x00\x00", size + "\x00\x01" + strings.Repeat("\x00", 124), ""},
		{"NBDMAGICIHAVEOPT\x00\x00", size + "\x00\x01", "Failed to read reserved block: Unexpected end-of-file before all data were read"},
		{"NBDMAGIC\x00\x00\x42\x02\x81\x86\x12\x53" + size + "\x00\x00\x00\x01" + strings.Repeat("\x00", 124), "", ""},
	} {
		t.Run(fmt.Sprintf("%q", c.hello+c.answer), func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			ln, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			go func() {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				io.WriteString(conn, c.hello)
				if c.answer != "" {
					io.ReadFull(conn, make([]byte, 4+16)) // the client's flags and its option
				}
				io.WriteString(conn, c.answer)
				conn.(*net.UnixConn).CloseWrite()
				io.Copy(io.Discard, conn) // an end with bytes unread would be another error
			}()
			r := newRig(t)
			add := qmptest.A{"driver": "nbd", "node-name": "n", "server": qmptest.A{"type": "unix", "path": socket}}
			if c.want == "" {
				r.c.Must("blockdev-add", add)
				if d := r.disk("n"); d.Size() != 1<<20 {
					t.Errorf("%d bytes", d.Size())
				}
			} else if got := r.c.MustFail("blockdev-add", add); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
