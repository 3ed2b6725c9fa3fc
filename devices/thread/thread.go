package thread

import "os"

// Thread is a parked thread. The nil Thread stands for the process itself.
type Thread struct {
	id                int
	ready, stop, done chan struct{}
}

// Start starts a thread. Its name is what ps and top show; the system cuts it
// after 15 bytes.
func Start(name string) *Thread {
	t := &Thread{stop: make(chan struct{}), ready: make(chan struct{}), done: make(chan struct{})}
	go t.run(name)
	<-t.ready
	return t
}

// park tells the number, and waits for the thread's end.
func (t *Thread) park(id int) {
	defer close(t.done)
	t.id = id
	close(t.ready)
	<-t.stop
}

// ID returns the number by which the system knows the thread.
func (t *Thread) ID() int {
	if t == nil {
		return os.Getpid()
	}
	return t.id
}

// Stop ends the thread. It is called once.
func (t *Thread) Stop() {
	if t == nil {
		return
	}
	close(t.stop)
	<-t.done
}
