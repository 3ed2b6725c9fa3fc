package qmp

import "slices"

// enqueue puts a request of sess in line for the dispatcher and sees to it that
// there is one. It returns when the session may read on; with "oob" that is when
// less than QueueLength requests wait, without it when this one is answered.
func (s *Server) enqueue(sess *Session, r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess.gone || s.ended || s.closing {
		return
	}
	if !s.dispatching && !sess.oob {
		// Nobody is in line, and this reader has nothing else to do: it is the
		// dispatcher for one request, which saves two changes of goroutine.
		s.dispatching = true
		s.answer(sess, r)
		s.dispatching = false
	} else {
		sess.queue = append(sess.queue, r)
		if len(sess.queue) == 1 && !sess.aside {
			s.ready = append(s.ready, sess)
		}
	}
	s.startDispatcher()
	for !sess.mayRead() && sess.ctx.Err() == nil {
		sess.room.Wait()
	}
}

// startDispatcher sees to it that those who wait are served. Precondition: s.mu is
// held.
func (s *Server) startDispatcher() {
	if s.dispatching || len(s.ready) == 0 {
		return
	}
	s.dispatching = true
	s.wg.Add(1)
	go s.dispatch()
}

// mayRead reports whether the reader may go on. Precondition: server.mu is held.
func (c *Session) mayRead() bool {
	if c.oob {
		return len(c.queue) < QueueLength
	}
	return len(c.queue) == 0 && c.running == 0
}

// dispatch answers queued requests, one of each session in turn, and returns when
// there are none: an idle server has no dispatcher.
func (s *Server) dispatch() {
	defer s.wg.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.ready) > 0 {
		sess := s.ready[0]
		s.ready = slices.Delete(s.ready, 0, 1)
		if len(sess.queue) == 0 || sess.aside { // dropped with its session; or its turn comes later
			continue
		}
		r := sess.queue[0]
		sess.queue = slices.Delete(sess.queue, 0, 1)
		if len(sess.queue) > 0 {
			s.ready = append(s.ready, sess)
		}
		sess.room.Broadcast()
		s.answer(sess, r)
		sess.room.Broadcast()
	}
	s.dispatching = false
}

// answer runs one request under the machine lock. Precondition: s.mu is held; it
// is given up meanwhile.
func (s *Server) answer(sess *Session, r request) {
	sess.running++
	s.mu.Unlock()
	s.turn(sess, func() { sess.serve(r, false) })
	s.mu.Lock()
	sess.running--
}

// turn runs f under the machine lock as a command of sess.
func (s *Server) turn(sess *Session, f func()) {
	s.cfg.Do(func() {
		if s.cfg.Running != nil {
			s.cfg.Running(sess)
			defer s.cfg.Running(nil)
		}
		f()
	})
}
