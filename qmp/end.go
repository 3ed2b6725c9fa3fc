package qmp

// End stops the service of requests: what is queued is dropped without an
// answer, and nothing further is taken, as when QEMU leaves its main loop. The
// reply of the command that calls it is still sent, and so are events. Clients
// stay connected until [Server.Shutdown]. It may be called with the machine's
// lock held.
func (s *Server) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for sess := range s.sessions {
		sess.gone = true
		sess.queue = nil
		sess.room.Broadcast()
	}
	s.ready = nil
}
