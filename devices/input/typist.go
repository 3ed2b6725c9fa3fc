package input

import "time"

// mostQueued is how many events and pauses of a typist may wait; more are lost.
const mostQueued = 1024

// defaultPause is what a pause of no length lasts.
const defaultPause = 10 * time.Millisecond

// Typist presses keys with pauses between them, in virtual time. The machine's
// lock guards it.
type Typist struct {
	Panel *Panel
	// After calls a function under the lock once so much virtual time has passed.
	After func(time.Duration, func())
	// Awake reports whether the guest runs or sleeps: else nothing is typed.
	Awake func() bool

	queue []step
}

// step is an event, or a pause.
type step struct {
	event Event
	pause time.Duration // 0: the event
}

// Press presses keys one after the other, and lets go of the last one first;
// hold is the time between any two of that, 0 for QEMU's own.
func (t *Typist) Press(keys []KeyName, hold time.Duration) {
	for _, k := range keys {
		t.Key(k, true, hold)
	}
	for i := len(keys) - 1; i >= 0; i-- {
		t.Key(keys[i], false, hold)
	}
}

// Key presses a key or lets go of it, and has the next one wait for a while.
func (t *Typist) Key(k KeyName, down bool, hold time.Duration) {
	if !t.Awake() {
		return
	}
	if hold <= 0 {
		hold = defaultPause
	}
	e := Event{Kind: Key, Key: k, Down: down}
	if len(t.queue) == 0 {
		t.Panel.Send(e)
	} else {
		t.add(step{event: e})
	}
	first := len(t.queue) == 0
	t.add(step{pause: hold})
	if first {
		t.After(hold, t.goOn)
	}
}

func (t *Typist) add(s step) {
	if len(t.queue) < mostQueued {
		t.queue = append(t.queue, s)
	}
}

// goOn ends the pause at the head of the queue, and plays what follows it.
func (t *Typist) goOn() {
	for t.queue = t.queue[1:]; len(t.queue) > 0; t.queue = t.queue[1:] {
		if s := t.queue[0]; s.pause > 0 {
			t.After(s.pause, t.goOn)
			return
		} else if t.Awake() {
			t.Panel.Send(s.event)
		}
	}
	t.queue = nil
}
