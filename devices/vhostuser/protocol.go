package vhostuser

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"github.com/qomd/qomd/qom"
)

// Backend is what a back end said of itself.
type Backend struct {
	Features uint64 // of virtio, and of vhost
	Queues   uint64 // how many it serves at most; 1 if it did not say
}

const key = "vhost-user back end"

// Of returns what the back end behind a character device said in the last
// handshake, nil when there was none or it failed.
func Of(c *qom.Object) *Backend {
	b, _ := c.Stored(key).(*Backend)
	return b
}

// Numbers of the protocol: requests, the flags of a message, and features.
const (
	getFeatures         = 1
	setOwner            = 3
	getProtocolFeatures = 15
	setProtocolFeatures = 16
	getQueueNum         = 17

	version = 1
	reply   = 1 << 2

	featureProtocol = 30

	protocolMQ       = 1 << 0
	protocolReplyAck = 1 << 3
)

var errProtocol = errors.New("vhost-user protocol violated")

// session is the talk with a back end.
type session struct{ conn net.Conn }

// greet asks a back end what QEMU asks when a device is made; nil when it did
// not answer properly.
func greet(ctx context.Context, conn net.Conn) *Backend {
	defer context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
	s, b := session{conn}, &Backend{Queues: 1}
	var err error
	if b.Features, err = s.ask(getFeatures); err != nil {
		return nil
	}
	if b.Features>>featureProtocol&1 != 0 {
		offered, err := s.ask(getProtocolFeatures)
		if err != nil {
			return nil
		}
		taken := offered & (protocolMQ | protocolReplyAck)
		if s.tell(setProtocolFeatures, binary.LittleEndian.AppendUint64(nil, taken)) != nil {
			return nil
		}
		if taken&protocolMQ != 0 {
			if b.Queues, err = s.ask(getQueueNum); err != nil {
				return nil
			}
		}
	}
	if s.tell(setOwner, nil) != nil {
		return nil
	}
	if b.Features, err = s.ask(getFeatures); err != nil {
		return nil
	}
	return b
}

// tell sends a message that has no answer.
func (s session) tell(request uint32, payload []byte) error {
	le := binary.LittleEndian
	head := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, request), version), uint32(len(payload)))
	_, err := s.conn.Write(append(head, payload...))
	return err
}

// ask sends a request without payload, whose answer is a number.
func (s session) ask(request uint32) (uint64, error) {
	if err := s.tell(request, nil); err != nil {
		return 0, err
	}
	le := binary.LittleEndian
	var msg [20]byte
	if _, err := io.ReadFull(s.conn, msg[:]); err != nil {
		return 0, err
	}
	if le.Uint32(msg[:]) != request || le.Uint32(msg[4:]) != version|reply || le.Uint32(msg[8:]) != 8 {
		return 0, errProtocol
	}
	return le.Uint64(msg[12:]), nil
}
