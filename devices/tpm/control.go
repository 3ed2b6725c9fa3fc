package tpm

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/qomd/qomd/devices/chardev"
)

// command is a command of swtpm's control channel. A request is its number and
// parameters, a response mostly a result and what comes with it, all big-endian
// (swtpm_ioctls(3), "control channel").
type command uint32

const (
	cmdGetCapability    command = 0x01
	cmdInit             command = 0x02
	cmdShutdown         command = 0x03
	cmdGetEstablished   command = 0x04
	cmdSetLocality      command = 0x05
	cmdCancel           command = 0x09
	cmdResetEstablished command = 0x0b
	cmdGetStateBlob     command = 0x0c
	cmdSetStateBlob     command = 0x0d
	cmdStop             command = 0x0e
	cmdSetDataFD        command = 0x10
	cmdSetBufferSize    command = 0x11
	cmdLockStorage      command = 0x13
)

// control is the control channel: the front end of a character device. What the
// device receives waits in a pipe for whoever sent a command.
type control struct {
	front chardev.Frontend
	there chan struct{} // closed when there is a connection for the first time

	turn sync.Mutex // of a command with its response

	mu   sync.Mutex
	once sync.Once
	conn net.Conn       // nil: nobody is connected
	in   *io.PipeReader // what comes over conn
}

func newControl(who string) *control {
	c := &control{there: make(chan struct{})}
	c.front.Who, c.front.Stream = who, c.serve
	return c
}

// serve keeps a connection for commands until it ends.
func (c *control) serve(ctx context.Context, conn net.Conn) {
	in, out := io.Pipe()
	c.use(conn, in)
	c.once.Do(func() { close(c.there) })
	defer context.AfterFunc(ctx, func() { out.CloseWithError(net.ErrClosed) })()
	_, err := io.Copy(out, conn)
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	c.use(nil, nil)
	out.CloseWithError(err)
}

func (c *control) use(conn net.Conn, in *io.PipeReader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.in = conn, in
}

// ends returns both directions, nil while nobody is connected.
func (c *control) ends() (net.Conn, *io.PipeReader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn, c.in
}

// connectTime is how long it may take until a connection that is there is given
// to its front end.
const connectTime = 5 * time.Second

// await waits for the connection.
func (c *control) await() bool {
	late := time.NewTimer(connectTime)
	defer late.Stop()
	select {
	case <-c.there:
		return true
	case <-late.C:
		return false
	}
}

// errGone is the error of a channel without anybody at the other end.
var errGone = errors.New("nobody is connected")

// do sends a command with its parameters and returns n bytes of response. With a
// descriptor that is not negative swtpm gets it along.
func (c *control) do(cmd command, n int, fd int, parameters []byte) ([]byte, error) {
	c.turn.Lock()
	defer c.turn.Unlock()
	conn, in := c.ends()
	if conn == nil {
		return nil, errGone
	}
	request := append(binary.BigEndian.AppendUint32(nil, uint32(cmd)), parameters...)
	var err error
	if fd < 0 {
		_, err = conn.Write(request)
	} else if d, ok := conn.(chardev.DescriptorSink); ok {
		err = d.WriteDescriptor(request, fd)
	} else {
		err = errGone
	}
	if err != nil {
		return nil, err
	}
	response := make([]byte, n)
	if _, err := io.ReadFull(in, response); err != nil || cmd != cmdGetStateBlob {
		return response, err
	}
	// The length of what follows is the last word.
	data := make([]byte, min(binary.BigEndian.Uint32(response[n-4:]), maxBlob))
	_, err = io.ReadFull(in, data)
	return append(response, data...), err
}

// maxBlob is how many bytes of a state are taken, so that a broken TPM cannot ask
// for all memory there is.
const maxBlob = 16 << 20

// abandon makes what is under way fail.
func (c *control) abandon() {
	if conn, in := c.ends(); conn != nil {
		in.CloseWithError(net.ErrClosed)
		conn.SetDeadline(time.Unix(1, 0))
	}
}
