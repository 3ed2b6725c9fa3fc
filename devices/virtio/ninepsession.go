package virtio

import (
	"github.com/qomd/qomd/devices/fsdev"
	"github.com/qomd/qomd/devices/p9"
	"github.com/qomd/qomd/devices/qdev"
)

// ninepSession is the talk with a driver from one reset to the next. Its messages
// are answered one after the other, each on a goroutine without the machine's lock.
type ninepSession struct {
	n        *NineP
	shared   *fsdev.Set
	server   *p9.Server
	waiting  []*Element
	timer    qdev.Timer // the first of them waits for its time
	busy     bool       // a message is being answered
	over     bool
	attached bool // the guest has mounted the folder
}

// add queues a message.
func (s *ninepSession) add(e *Element) {
	s.waiting = append(s.waiting, e)
	if len(s.waiting) == 1 && !s.busy {
		s.next()
	}
}

// next answers the message that waits longest, when the limits of the export let
// it.
func (s *ninepSession) next() {
	if len(s.waiting) == 0 || s.n.Broken() {
		return
	}
	e := s.waiting[0]
	msg := e.Out.Bytes(p9.MaxMessage)
	if write, size := p9.Request(msg); size > 0 && s.n.throttle != nil {
		if wait := s.n.throttle.Wait(write, size); wait > 0 {
			s.timer = s.n.Env().Clock.AfterFunc(wait, func() { s.answer(msg) })
			return
		}
	}
	s.answer(msg)
}

// answer answers the first of the messages that wait.
func (s *ninepSession) answer(msg []byte) {
	e := s.waiting[0]
	s.waiting, s.timer, s.busy = s.waiting[1:], nil, true
	room := int(min(e.In.Len(), p9.MaxMessage))
	s.shared.Go(func() func() {
		reply, err := s.server.Handle(msg, room)
		attached := s.server.Attached()
		return func() { s.answered(e, reply, err, attached) }
	})
}

// answered hands an answer to the driver, and goes on.
func (s *ninepSession) answered(e *Element, reply []byte, err error, attached bool) {
	s.busy, s.attached = false, attached
	switch {
	case s.over:
		e.Drop()
		s.close()
		return
	case err != nil:
		s.n.reject(e, err)
	default:
		e.In.WriteAt(reply, 0)
		q := e.Queue()
		q.Push(e, uint32(len(reply)))
		q.Signal()
	}
	s.next()
}

// stop ends the session. What waits is not answered any more; files are closed
// once the message under way is.
func (s *ninepSession) stop() {
	s.over = true
	if s.timer != nil {
		s.timer.Stop()
	}
	for _, e := range s.waiting {
		e.Drop()
	}
	s.waiting = nil
	if !s.busy {
		s.close()
	}
}

func (s *ninepSession) close() {
	s.shared.Go(func() func() {
		s.server.Close()
		return nil
	})
}
