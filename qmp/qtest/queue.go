package qtest

import (
	"net"
	"sync"
)

// queue is what a client is still to be told. Interrupt lines change at any
// time, under the machine's lock, where nobody may wait for a client: a
// goroutine writes them. Answers are written by whoever serves the client, in
// order with the lines before them.
type queue struct {
	conn net.Conn

	mu     sync.Mutex
	wake   *sync.Cond
	text   []byte
	lines  bool // there are lines that nobody is about to write
	closed bool
	done   chan struct{}

	writing sync.Mutex // held while text is taken and written
}

// maxQueue is how much a client may leave unread before it is cut off.
const maxQueue = 16 << 20

func newQueue(conn net.Conn) *queue {
	q := &queue{conn: conn, done: make(chan struct{})}
	q.wake = sync.NewCond(&q.mu)
	go q.write()
	return q
}

// add queues an answer, which [queue.flush] will write.
func (q *queue) add(text string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.text = append(append(q.text, text...), '\n')
}

// tell queues a line that came by itself.
func (q *queue) tell(text string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if len(q.text) > maxQueue {
		q.conn.Close()
		return
	}
	q.text = append(append(q.text, text...), '\n')
	q.lines = true
	q.wake.Signal()
}

// flush writes what is queued.
func (q *queue) flush() error {
	q.writing.Lock()
	defer q.writing.Unlock()
	q.mu.Lock()
	text := q.text
	q.text, q.lines = nil, false
	q.mu.Unlock()
	if len(text) == 0 {
		return nil
	}
	_, err := q.conn.Write(text)
	return err
}

// write writes lines as they come.
func (q *queue) write() {
	defer close(q.done)
	for {
		q.mu.Lock()
		for !q.lines && !q.closed {
			q.wake.Wait()
		}
		closed := q.closed
		q.mu.Unlock()
		if closed || q.flush() != nil {
			return
		}
	}
}

// close closes the connection. The writer has ended when it returns.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.wake.Signal()
	q.mu.Unlock()
	q.conn.Close()
	<-q.done
}
