package vnc_test

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/qomd/qomd/devices/input"
	"github.com/qomd/qomd/devices/vnc"
)

// FuzzClient lets clients say anything: the server answers or hangs up.
func FuzzClient(f *testing.F) {
	const open = "RFB 003.008\n\x01\x01"
	f.Add([]byte(open + "\x04\x01\x00\x00\x00\x00\x00\x41" + "\x05\x00\x00\x01\x00\x01" + "\x06\x00\x00\x00\x00\x00\x00\x02hi" + "\x03\x00\x02\x7e\x01\xdf\x00\x09\x00\x09"))
	f.Add([]byte(open + "\x00\x00\x00\x00\x10\x10\x00\x01\x00\x1f\x00\x3f\x00\x1f\x0b\x05\x00\x00\x00\x00" +
		"\x02\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02" + "\x03\x00\x00\x00\x00\x00\xff\xff\xff\xff"))
	f.Add([]byte("RFB 003.003\n\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var mu sync.Mutex
		do := func(f func()) { mu.Lock(); defer mu.Unlock(); f() }
		s := vnc.New(vnc.Options{Name: "fuzz", Do: do, Emit: func(string, any) {}, Panel: new(input.Panel), Awake: func() bool { return true }})
		ours, theirs := net.Pipe()
		do(func() { s.Attach(theirs, true) })
		go io.Copy(io.Discard, ours)
		ours.Write(data)
		ours.Close()
		s.Close()
	})
}
