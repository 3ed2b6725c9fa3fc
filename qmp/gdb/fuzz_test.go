package gdb_test

import (
	"io"
	"net"
	"strings"
	"testing"
)

// FuzzPackets has a debugger send any packets, one a line, and then what is no
// packet: the stub answers them all.
func FuzzPackets(f *testing.F) {
	f.Add("qSupported:multiprocess+\n?\nHg0\ng\nm0,10\nM0,1:00\nX0,1:\x00\nqfThreadInfo\nvCont?\nT1", "+$g#00")
	f.Add("QStartNoAckMode\nP0=1\np10\nZ0,100,1\nz0,100,1\nqXfer:features:read:target.xml:0,100\nqRcmd,696e666f\nvAttach;1\nD;1\nk", "\x03")
	f.Add("Hcp1.-1\nqThreadExtraInfo,p1.1\nqC\nqqemu.PhyMemMode\nQqemu.sstep=0x7\nG00\ns\nc", "$#")
	f.Fuzz(func(t *testing.T, packets, rest string) {
		path, _ := start(t, "-S", "-m", "16")
		conn := dial(t, path)
		var b strings.Builder
		for p := range strings.Lines(packets) {
			b.WriteString("+" + packet(strings.TrimSuffix(p, "\n")))
		}
		go io.Copy(io.Discard, conn)
		io.WriteString(conn, b.String()+rest)
		conn.(*net.UnixConn).CloseWrite()
	})
}
