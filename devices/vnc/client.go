package vnc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
)

// The screen, in pixels: that of a QEMU whose guest has not drawn anything.
const width, height = 640, 480

// What goes over the wire, RFC 6143.
const (
	greeting = "RFB 003.008\n"

	setPixelFormat     = 0
	setEncodings       = 2
	updateRequest      = 3
	keyEvent           = 4
	pointerEvent       = 5
	clientCutText      = 6
	framebufferUpdate  = 0
	encodingRaw        = 0
	encodingRRE        = 2
	maxCutText         = 1 << 20 // bytes that a client may paste at once
	keyEventLength     = 7
	pointerEventLength = 5
)

// pixels is the format of the server's pixels: 32 bits, 8 for each colour.
var pixels = [16]byte{32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0}

var (
	errProtocol       = errors.New("vnc: a client broke the protocol")
	errAuthentication = errors.New("Authentication failed")
)

// client is one connection.
type client struct {
	raw    net.Conn // to be closed by anybody
	conn   net.Conn // what is spoken through: raw, or what lies upon it
	remote Endpoint

	// What it types and points at.
	key   func(sym uint32, down bool)
	point func(buttons byte, x, y int)

	trusted bool // no password is asked for

	manner manner // guarded by the machine's lock

	r     *bufio.Reader
	depth int  // bytes of a pixel
	rre   bool // the client reads rectangles of one colour
}

func newClient(conn net.Conn) *client {
	return &client{raw: conn, conn: conn, remote: endpoint(conn.RemoteAddr())}
}

// host is what a conversation needs to know of the server.
type host struct {
	name string
	// expected returns the password that is good now; nil: none is asked for.
	expected func() (string, bool)
	// admit lets a client in that says whether it shares the screen.
	admit func(shared bool) bool
	// encrypt begins TLS; nil: there is none.
	encrypt encrypt
}

// talk holds the conversation until it ends, for whatever reason.
func (c *client) talk(ctx context.Context, h host) error {
	c.depth = int(pixels[0]) / 8
	if c.remote.WebSocket {
		if err := c.openWebSocket(ctx, h.encrypt); err != nil {
			return err
		}
		h.encrypt = nil
	}
	c.r = bufio.NewReader(c.conn)
	if err := c.negotiate(ctx, h); err != nil {
		return err
	}
	shared, err := c.r.ReadByte()
	if err != nil || !h.admit(shared != 0) {
		return err
	}
	hello := binary.BigEndian.AppendUint16(nil, width)
	hello = binary.BigEndian.AppendUint16(hello, height)
	hello = append(hello, pixels[:]...)
	hello = binary.BigEndian.AppendUint32(hello, uint32(len(h.name)))
	if _, err := c.conn.Write(append(hello, h.name...)); err != nil {
		return err
	}
	for {
		if err := c.message(); err != nil {
			return err
		}
	}
}

// negotiate agrees on a version and on the security, and goes through the latter.
func (c *client) negotiate(ctx context.Context, h host) error {
	if _, err := io.WriteString(c.conn, greeting); err != nil {
		return err
	}
	var version [len(greeting)]byte
	if _, err := io.ReadFull(c.r, version[:]); err != nil {
		return err
	}
	var major, minor int
	_, err := fmt.Sscanf(string(version[:]), "RFB %03d.%03d\n", &major, &minor)
	if err != nil || major != 3 || !slices.Contains([]int{3, 4, 5, 7, 8}, minor) {
		c.conn.Write([]byte{0, 0, 0, 0}) // no security type will do
		return errProtocol
	}
	security := h.security()
	if minor < 7 {
		_, err = c.conn.Write([]byte{0, 0, 0, security})
	} else {
		err = c.agree(security)
	}
	if err == nil && h.encrypt != nil {
		err = c.veNCrypt(ctx, h)
	}
	if err != nil {
		return err
	}
	if h.expected != nil {
		err = c.challenge(h.expected)
	}
	if minor == 8 || security != securityNone {
		return c.result(err, minor)
	}
	return err
}

// security is the type that is offered.
func (h host) security() byte {
	switch {
	case h.encrypt != nil:
		return securityVeNCrypt
	case h.expected != nil:
		return securityVNC
	}
	return securityNone
}

// agree offers one security type, which the client has to choose.
func (c *client) agree(security byte) error {
	if _, err := c.conn.Write([]byte{1, security}); err != nil {
		return err
	}
	chosen, err := c.r.ReadByte()
	if err == nil && chosen != security {
		err = errProtocol
	}
	return err
}

// result tells how the security handshake ended; since version 3.8 with a reason.
func (c *client) result(failed error, minor int) error {
	switch failed {
	case nil:
		_, err := c.conn.Write([]byte{0, 0, 0, securityOK})
		return err
	case errAuthentication:
		answer := []byte{0, 0, 0, securityFailed}
		if minor == 8 {
			reason := failed.Error() + "\x00" // which QEMU counts in
			answer = append(binary.BigEndian.AppendUint32(answer, uint32(len(reason))), reason...)
		}
		c.conn.Write(answer)
	}
	return failed
}

// message reads one message and answers it.
func (c *client) message() error {
	kind, err := c.r.ReadByte()
	if err != nil {
		return err
	}
	switch kind {
	case setPixelFormat:
		b, err := c.bytes(3 + len(pixels))
		if err != nil {
			return err
		}
		if c.depth = int(b[3]) / 8; !slices.Contains([]int{8, 16, 32}, int(b[3])) {
			return errProtocol
		}
		return nil
	case setEncodings:
		b, err := c.bytes(3)
		if err != nil {
			return err
		}
		c.rre = false
		for range binary.BigEndian.Uint16(b[1:]) {
			e, err := c.bytes(4)
			if err != nil {
				return err
			}
			c.rre = c.rre || binary.BigEndian.Uint32(e) == encodingRRE
		}
		return nil
	case updateRequest:
		b, err := c.bytes(9)
		if err != nil {
			return err
		}
		// Nothing ever changes: only who has not seen it yet gets the screen.
		if b[0] != 0 {
			return nil
		}
		return c.show(b[1:])
	case keyEvent:
		b, err := c.bytes(keyEventLength)
		if err != nil {
			return err
		}
		c.key(binary.BigEndian.Uint32(b[3:]), b[0] != 0)
		return nil
	case pointerEvent:
		b, err := c.bytes(pointerEventLength)
		if err != nil {
			return err
		}
		c.point(b[0], int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:])))
		return nil
	case clientCutText:
		b, err := c.bytes(7)
		if err != nil {
			return err
		}
		n := binary.BigEndian.Uint32(b[3:])
		if n > maxCutText {
			return errProtocol
		}
		_, err = c.r.Discard(int(n))
		return err
	}
	return errProtocol
}

// bytes reads the next n bytes; they are good until the next read.
func (c *client) bytes(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(c.r, b)
	return b, err
}

// show sends a part of the screen, x, y, width and height: it is black.
func (c *client) show(area []byte) error {
	var at [4]uint16
	for i := range at {
		at[i] = binary.BigEndian.Uint16(area[2*i:])
	}
	x, y := min(at[0], width), min(at[1], height)
	w, h := min(at[2], width-x), min(at[3], height-y)
	update := []byte{framebufferUpdate, 0, 0, 1}
	for _, v := range []uint16{x, y, w, h} {
		update = binary.BigEndian.AppendUint16(update, v)
	}
	if c.rre { // a background, and no rectangles on it
		update = binary.BigEndian.AppendUint32(update, encodingRRE)
		_, err := c.conn.Write(append(update, make([]byte, 4+c.depth)...))
		return err
	}
	update = binary.BigEndian.AppendUint32(update, encodingRaw)
	if _, err := c.conn.Write(update); err != nil {
		return err
	}
	row := bytes.Repeat([]byte{0}, int(w)*c.depth)
	for range h {
		if _, err := c.conn.Write(row); err != nil {
			return err
		}
	}
	return nil
}
