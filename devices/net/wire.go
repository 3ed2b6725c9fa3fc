package net

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

const (
	// maxFrame is the largest frame, QEMU's NET_BUFSIZE.
	maxFrame = 4096 + 65536
	// maxQueued is how many frames may wait for a peer that does not read.
	maxQueued = 256
)

// wire carries frames over one socket after another. The zero value has none.
type wire struct {
	stack  *Stack
	framed bool     // each frame is preceded by its length, 32 bits big endian
	to     net.Addr // of datagrams, where the socket is not connected; may be nil

	mu      sync.Mutex
	conn    io.ReadWriteCloser
	out     [][]byte
	writing bool
	closed  bool
	text    string // for "info network"
}

func (w *wire) info() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text
}

func (w *wire) say(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = text
}

// join puts a socket in; false when the wire was closed meanwhile, and the
// socket with it.
func (w *wire) join(conn io.ReadWriteCloser, text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		conn.Close()
		return false
	}
	w.conn, w.text = conn, text
	return true
}

// part takes the socket out again.
func (w *wire) part(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		w.conn.Close()
	}
	w.conn, w.out, w.text = nil, nil, text
}

func (w *wire) isClosed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closeLocked()
}

func (w *wire) closeLocked() {
	w.closed = true
	if w.conn != nil {
		w.conn.Close()
	}
}

func (w *wire) send(frame []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil || w.closed || len(w.out) >= maxQueued {
		return
	}
	var packet []byte
	if w.framed {
		packet = binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(frame)), uint32(len(frame)))
	}
	w.out = append(w.out, append(packet, frame...))
	if !w.writing {
		w.writing = true
		w.stack.wg.Go(w.flush)
	}
}

// flush sends what waits, and ends.
func (w *wire) flush() {
	for {
		w.mu.Lock()
		if w.conn == nil || len(w.out) == 0 {
			w.writing = false
			w.mu.Unlock()
			return
		}
		conn, packet := w.conn, w.out[0]
		w.out = w.out[1:]
		w.mu.Unlock()
		if p, ok := conn.(net.PacketConn); ok && w.to != nil {
			p.WriteTo(packet, w.to)
		} else {
			conn.Write(packet)
		}
	}
}

// receive passes on what comes until the socket is closed.
func (w *wire) receive(c *Client) {
	w.mu.Lock()
	conn := w.conn
	w.mu.Unlock()
	if conn == nil {
		return
	}
	if !w.framed {
		buf := make([]byte, maxFrame)
		for {
			n, err := conn.Read(buf)
			if n > 0 {
				w.stack.Do(func() { c.receive(buf[:n]) })
			}
			if err != nil && (w.isClosed() || !passing(err)) {
				return
			}
		}
	}
	r := bufio.NewReader(conn)
	var size [4]byte
	for {
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return
		}
		n := binary.BigEndian.Uint32(size[:])
		if n > maxFrame {
			return // out of step: nothing that follows could be understood
		}
		frame := make([]byte, n)
		if _, err := io.ReadFull(r, frame); err != nil {
			return
		}
		w.stack.Do(func() { c.receive(frame) })
	}
}
