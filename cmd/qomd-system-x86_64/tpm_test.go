package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/client"
)

// swtpm starts a TPM 2.0 with nothing in it; socket is its control channel. It ends
// when it is told so, or with the test.
func swtpm(t *testing.T) (socket string, process *os.Process, ended <-chan struct{}) {
	t.Helper()
	path, err := exec.LookPath("swtpm")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("swtpm is not installed")
		}
		t.Skip("swtpm is not installed")
	}
	dir := t.TempDir()
	socket = filepath.Join(dir, "control")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	defer ln.Close()
	file, err := ln.File() // it listens already, so that nobody has to wait
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.Command(path, "socket", "--tpm2", "--tpmstate", "dir="+dir, "--ctrl", "type=unixio,fd=3")
	cmd.ExtraFiles = []*os.File{file}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-done
	})
	return socket, cmd.Process, done
}

// registers are those of a machine, as a guest reaches them.
type registers struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

// say sends a line of the qtest protocol and returns what comes after OK.
func (r *registers) say(format string, args ...any) string {
	r.t.Helper()
	fmt.Fprintf(r.conn, format+"\n", args...)
	line, err := r.r.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "OK") {
		r.t.Fatalf("qtest %s: %q, %v", fmt.Sprintf(format, args...), line, err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "OK"))
}

func (r *registers) read(size byte, addr uint64) uint64 {
	r.t.Helper()
	v, err := strconv.ParseUint(r.say("read%c %#x", size, addr), 0, 64)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// until reads a register until its bits under a mask are of a value.
func (r *registers) until(addr, mask, want uint64) {
	r.t.Helper()
	for limit := time.Now().Add(endLimit); r.read('l', addr)&mask != want; {
		if time.Now().After(limit) {
			r.t.Fatalf("register %#x stays %#x, want %#x under %#x", addr, r.read('l', addr), want, mask)
		}
	}
}

const tpmBase = 0xfed40000

// fifo has a command executed as a driver of tpm-tis does it: it asks for locality
// 0, writes the command as fast as the burst count says, starts it and reads the
// response while there is data.
func (r *registers) fifo(command []byte) (response []byte) {
	r.t.Helper()
	const access, status, data = tpmBase, tpmBase + 0x18, tpmBase + 0x24
	const ready, expect, available = 0x40, 0x08, 0x10
	r.say("writeb %#x 2", access)
	if v := r.read('b', access); v&0xa0 != 0xa0 {
		r.t.Fatalf("locality 0 is not active: %#x", v)
	}
	r.say("writel %#x %#x", status, ready)
	r.until(status, ready, ready)
	for i, b := range command {
		if v := r.read('l', status); i > 0 && v&expect == 0 || v>>8&0xffff == 0 {
			r.t.Fatalf("status %#x before byte %d of %d", v, i, len(command))
		}
		r.say("writeb %#x %#x", data, b)
	}
	if v := r.read('l', status); v&expect != 0 {
		r.t.Fatalf("more is expected after the whole command: %#x", v)
	}
	r.say("writel %#x 0x20", status)
	r.until(status, 0x80|available, 0x80|available)
	for r.read('l', status)&available != 0 {
		response = append(response, byte(r.read('b', data)))
	}
	r.say("writeb %#x 0x20", access)
	return response
}

// buffer does it as a driver of tpm-crb.
func (r *registers) buffer(command []byte) (response []byte) {
	r.t.Helper()
	const control, start, status, data = tpmBase + 0x08, tpmBase + 0x4c, tpmBase + 0x44, tpmBase + 0x80
	r.say("writel %#x 1", control)
	r.say("writel %#x 1", tpmBase+0x40)
	r.say("write %#x %d 0x%x", data, len(command), command)
	r.say("writel %#x 1", start)
	r.until(start, 1, 0)
	if v := r.read('l', status); v != 0 {
		r.t.Fatalf("status %#x", v)
	}
	head, _ := hex.DecodeString(strings.TrimPrefix(r.say("read %#x 10", data), "0x"))
	all, _ := hex.DecodeString(strings.TrimPrefix(r.say("read %#x %d", data, binary.BigEndian.Uint32(head[2:])), "0x"))
	r.say("writel %#x 2", control)
	return all
}

// tpmCommand makes a TPM 2.0 command, its size filled in.
func tpmCommand(text string) []byte {
	p, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	binary.BigEndian.PutUint32(p[2:], uint32(len(p)))
	return p
}

var (
	tpmStartup   = tpmCommand("8001 00000000 00000144 0000")
	tpmGetRandom = tpmCommand("8001 00000000 0000017b 0008")
	tpmReadPCR   = tpmCommand("8001 00000000 0000017e 00000001 000b 03 000001") // 16, SHA-256
	tpmExtendPCR = tpmCommand("8002 00000000 00000182 00000010 00000009 40000009 0000 00 0000" +
		"00000001 000b" + strings.Repeat("5a", 32))
)

// withTPM starts a machine with a TPM of a model.
func withTPM(t *testing.T, model, socket string, more ...string) (*program, *client.Client, *registers) {
	t.Helper()
	return withRegisters(t, append([]string{"-machine", "q35", "-nodefaults", "-m", "16",
		"-chardev", "socket,id=chr,path=" + socket, "-tpmdev", "emulator,id=tpm0,chardev=chr",
		"-device", model + ",tpmdev=tpm0,id=dev0"}, more...)...)
}

// wantResult checks the result in the header of a response.
func wantResult(t *testing.T, what string, response []byte, want uint32) {
	t.Helper()
	if len(response) < 10 || binary.BigEndian.Uint32(response[6:]) != want {
		t.Fatalf("%s: response %x, want result %#x", what, response, want)
	}
}

// A guest speaks with swtpm through both interfaces, a reset starts the TPM anew,
// and swtpm ends with the machine.
func TestTPM(t *testing.T) {
	for model, exchange := range map[string]func(*registers, []byte) []byte{
		"tpm-tis": (*registers).fifo, "tpm-crb": (*registers).buffer,
	} {
		t.Run(model, func(t *testing.T) {
			socket, _, ended := swtpm(t)
			p, c, r := withTPM(t, model, socket)
			want := []dict{{"id": "tpm0", "model": model, "options": dict{"type": "emulator", "data": dict{"chardev": "chr"}}}}
			if diff := cmp.Diff(want, ask[[]dict](t, c, "query-tpm", nil)); diff != "" {
				t.Errorf("query-tpm (-want +have):\n%s", diff)
			}
			const notStarted = 0x100 // TPM_RC_INITIALIZE
			wantResult(t, "GetRandom before Startup", exchange(r, tpmGetRandom), notStarted)
			wantResult(t, "Startup", exchange(r, tpmStartup), 0)
			first := exchange(r, tpmGetRandom)
			wantResult(t, "GetRandom", first, 0)
			if len(first) != 20 || bytes.Equal(first, exchange(r, tpmGetRandom)) {
				t.Errorf("random bytes: %x", first)
			}
			ask[dict](t, c, "system_reset", nil)
			wantResult(t, "GetRandom after a reset", exchange(r, tpmGetRandom), notStarted)
			wantResult(t, "Startup after a reset", exchange(r, tpmStartup), 0)
			ask[dict](t, c, "quit", nil)
			if status, err := p.wait(); status != 0 || err != nil {
				t.Errorf("status %d, %v", status, err)
			}
			select {
			case <-ended:
			case <-time.After(endLimit):
				t.Error("swtpm goes on after CMD_SHUTDOWN")
			}
		})
	}
}

// What a TPM has measured is there at the destination of a migration, although the
// swtpm there is another.
func TestTPMMigrates(t *testing.T) {
	here, _, _ := swtpm(t)
	there, _, _ := swtpm(t)
	_, source, from := withTPM(t, "tpm-tis", here)
	_, target, to := withTPM(t, "tpm-tis", there, "-incoming", "defer")
	wantResult(t, "Startup", from.fifo(tpmStartup), 0)
	empty := from.fifo(tpmReadPCR)
	wantResult(t, "PCR_Extend", from.fifo(tpmExtendPCR), 0)
	measured := from.fifo(tpmReadPCR)
	wantResult(t, "PCR_Read", measured, 0)
	if bytes.Equal(empty, measured) {
		t.Fatalf("nothing was measured: %x", measured)
	}
	uri := "unix:" + filepath.Join(t.TempDir(), "stream")
	ask[dict](t, target, "migrate-incoming", dict{"uri": uri})
	ask[dict](t, source, "migrate", dict{"uri": uri})
	await(t, source, "completed")
	await(t, target, "completed")
	if got := to.fifo(tpmReadPCR); !bytes.Equal(got, measured) {
		t.Errorf("PCR at the destination %x, want %x", got, measured)
	}
	// And once more at home, when the migration has failed.
	ask[dict](t, source, "cont", nil)
	if got := from.fifo(tpmReadPCR); !bytes.Equal(got, measured) {
		t.Errorf("PCR at the source afterwards %x, want %x", got, measured)
	}
}

// A TPM that dies makes commands fail, and nothing else.
func TestTPMDies(t *testing.T) {
	socket, process, ended := swtpm(t)
	p, c, r := withTPM(t, "tpm-tis", socket)
	wantResult(t, "Startup", r.fifo(tpmStartup), 0)
	process.Kill()
	<-ended
	if got, want := r.fifo(tpmGetRandom), tpmCommand("00c4 00000000 00000009"); !bytes.Equal(got, want) {
		t.Errorf("response %x, want %x: TPM_FAIL of TPM 1.2", got, want)
	}
	ask[dict](t, c, "quit", nil)
	if status, err := p.wait(); status != 0 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	if said, want := p.stop(), ": tpm-emulator: Could not cleanly shutdown the TPM"; !strings.HasSuffix(said, want) {
		t.Errorf("said %q, want %q at the end", said, want)
	}
}
