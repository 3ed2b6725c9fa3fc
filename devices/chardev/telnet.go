package chardev

import (
	"context"
	"net"
)

// The bytes of TELNET commands, RFC 854.
const (
	telnetSE   = 240 // end of a subnegotiation
	telnetSB   = 250 // its begin
	telnetWill = 251 // 251 to 254, WILL to DONT, have an option behind them
	telnetIAC  = 255
)

// telnetHello is what QEMU says first: it echoes, suppresses go-ahead (RFC 857,
// 858), and both sides are binary (RFC 856).
var telnetHello = []byte{telnetIAC, 251, 1, telnetIAC, 251, 3, telnetIAC, 251, 0, telnetIAC, 253, 0}

// telnet is a connection from which TELNET's commands are taken out. What is
// written goes as it is, as in QEMU.
type telnet struct {
	net.Conn
	state telnetState
}

type telnetState uint8

const (
	telnetData    telnetState = iota
	telnetCommand             // behind IAC
	telnetOption              // behind WILL, WONT, DO or DONT
	telnetSub                 // within a subnegotiation
	telnetSubIAC              // behind IAC within one
)

// newTelnet begins TELNET on a connection.
func newTelnet(_ context.Context, conn net.Conn) (net.Conn, error) {
	if _, err := conn.Write(telnetHello); err != nil {
		return nil, err
	}
	return &telnet{Conn: conn}, nil
}

// NetConn returns the connection below.
func (t *telnet) NetConn() net.Conn { return t.Conn }

// Read reads data; it does not return before there is some.
func (t *telnet) Read(p []byte) (int, error) {
	for {
		n, err := t.Conn.Read(p)
		n = t.filter(p[:n])
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// filter leaves only the data in p and returns how much that is.
func (t *telnet) filter(p []byte) (n int) {
	for _, b := range p {
		switch t.state {
		case telnetData:
			if b == telnetIAC {
				t.state = telnetCommand
				continue
			}
			p[n] = b
			n++
		case telnetCommand:
			t.state = telnetData
			switch {
			case b == telnetIAC: // doubled: data
				p[n] = b
				n++
			case b == telnetSB:
				t.state = telnetSub
			case b >= telnetWill:
				t.state = telnetOption
			}
		case telnetOption:
			t.state = telnetData
		case telnetSub:
			if b == telnetIAC {
				t.state = telnetSubIAC
			}
		case telnetSubIAC:
			t.state = telnetSub
			if b == telnetSE {
				t.state = telnetData
			}
		}
	}
	return n
}
