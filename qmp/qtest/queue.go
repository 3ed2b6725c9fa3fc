package qtest

import (
	"net"
	"sync"
)

// queue is what a client is still to be told. Interrupt lines change at any
// time, under the machine's lock, where nobody may wait for a client.
type queue struct {
	conn net.Conn

	mu     sync.Mutex
	wake   *sync.Cond
	text   []byte
	closed bool
	done   chan struct{}
}

// maxQueue is how much a client may leave unread before it is cut off.
const maxQueue = 16 << 20

func newQueue(conn net.Conn) *queue {
	q := &queue{conn: conn, done: make(chan struct{})}
	q.wake = sync.NewCond(&q.mu)
	go q.write()
	return q
}

// add queues a line.
func (q *queue) add(line string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if len(q.text) > maxQueue {
		q.closed = true
		q.conn.Close()
	}
	q.text = append(append(q.text, line...), '\n')
	q.wake.Signal()
}

func (q *queue) write() {
	defer close(q.done)
	for {
		q.mu.Lock()
		for len(q.text) == 0 && !q.closed {
			q.wake.Wait()
		}
		text := q.text
		q.text = nil
		q.mu.Unlock()
		if len(text) == 0 {
			return
		}
		if _, err := q.conn.Write(text); err != nil {
			return
		}
	}
}

// close lets the client have what is queued and closes its connection. The writer
// has ended when close returns.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.wake.Signal()
	q.mu.Unlock()
	<-q.done
	q.conn.Close()
}
