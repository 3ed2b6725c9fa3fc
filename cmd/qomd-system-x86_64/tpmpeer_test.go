package main

import (
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/qomd/qomd/devices/chardev"
)

// tpmPeer speaks swtpm's control protocol, with a TPM behind it that knows nothing
// but its family.
type tpmPeer struct {
	capabilities uint64
	stuck        bool     // TPM commands after the first are not answered
	results      [][]byte // to CMD_INIT, in turn; then 0
}

// listen serves one client until the test ends.
func (p *tpmPeer) listen(t *testing.T) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "control")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		p.serve(chardev.NewConn(conn))
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	return socket
}

// lengths are those of the parameters of commands, where they have some.
var lengths = map[uint32]int{0x02: 4, 0x05: 4, 0x0b: 4, 0x11: 4}

func (p *tpmPeer) serve(conn *chardev.Conn) {
	for {
		head := make([]byte, 4)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		cmd := binary.BigEndian.Uint32(head)
		if _, err := io.ReadFull(conn, make([]byte, lengths[cmd])); err != nil {
			return
		}
		answer := make([]byte, 4)
		switch cmd {
		case 0x01:
			answer = binary.BigEndian.AppendUint64(nil, p.capabilities)
		case 0x02:
			if len(p.results) > 0 {
				answer, p.results = p.results[0], p.results[1:]
			}
		case 0x04:
			answer = make([]byte, 8)
		case 0x10:
			if fd, ok := conn.TakeDescriptor(); ok {
				defer syscall.Close(fd)
				go p.execute(fd)
			}
		case 0x11:
			answer = append(answer, 0, 0, 16, 0, 0, 0, 11, 0, 0, 0, 16, 0)
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// execute answers TPM commands; the first is the question what it is.
func (p *tpmPeer) execute(fd int) {
	for n := 0; ; n++ {
		if got, err := syscall.Read(fd, make([]byte, 4096)); got <= 0 || err != nil {
			return
		}
		if n == 0 || !p.stuck {
			syscall.Write(fd, tpmCommand("8001 00000000 00000101"))
		}
	}
}

// What QEMU needs of a TPM, and what it says when it is not there.
func TestTPMRefused(t *testing.T) {
	const all, blobs = 0xffff, 1<<8 | 1<<9
	for name, test := range map[string]struct {
		peer tpmPeer
		want string
	}{
		"too little": {tpmPeer{capabilities: all &^ (1 << 13)},
			"-tpmdev emulator,id=tpm0,chardev=chr: tpm-emulator: TPM does not implement minimum set of required capabilities for TPM 2 (0x348f)"},
		"does not start": {tpmPeer{capabilities: all, results: [][]byte{{0, 0, 1, 1}}},
			"tpm-emulator: TPM result for CMD_INIT: 0x101 operation failed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, "-machine", "q35", "-accel", "qtest", "-nodefaults", "-display", "none",
				"-chardev", "socket,id=chr,path="+test.peer.listen(t), "-tpmdev", "emulator,id=tpm0,chardev=chr",
				"-device", "tpm-tis,tpmdev=tpm0")
			status, err := p.wait()
			if said := p.stop(); status != 1 || err != nil || !strings.Contains(said, ": "+test.want) {
				t.Errorf("status %d, %v, said %q, want %q", status, err, said, test.want)
			}
		})
	}
	t.Run("migration", func(t *testing.T) {
		peer := tpmPeer{capabilities: all &^ blobs}
		_, c, _ := withTPM(t, "tpm-tis", peer.listen(t))
		err := c.Execute(t.Context(), "migrate", dict{"uri": "exec:cat >/dev/null"}, nil)
		if want := "Migration disabled: TPM emulator does not support migration"; err == nil || err.Error() != want {
			t.Errorf("migrate: %v, want %q", err, want)
		}
	})
}

// A TPM that does not answer holds nobody up: not the monitor, and the end of the
// machine for some seconds only. What it never answered is never seen.
func TestTPMStuck(t *testing.T) {
	peer := tpmPeer{capabilities: 0xffff, stuck: true}
	p, c, r := withTPM(t, "tpm-tis", peer.listen(t))
	r.say("writeb %#x 2", tpmBase)
	r.say("writel %#x 0x40", tpmBase+0x18)
	for _, b := range tpmGetRandom {
		r.say("writeb %#x %#x", tpmBase+0x24, b)
	}
	r.say("writel %#x 0x20", tpmBase+0x18)
	ask[dict](t, c, "query-status", nil)
	if v := r.read('l', tpmBase+0x18); v&0x10 != 0 {
		t.Errorf("status %#x: there is a response", v)
	}
	ask[dict](t, c, "system_reset", nil)
	ask[dict](t, c, "quit", nil)
	if status, err := p.wait(); status != 0 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
}
