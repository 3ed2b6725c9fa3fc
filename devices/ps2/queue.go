package ps2

import "github.com/qomd/qomd/devices/vmstate"

// mostQueued is how many bytes wait for the guest at most.
const mostQueued = 16

// queue is what a device has for the guest: answers to commands before what a user
// did. A byte that has been read stays visible until there is another.
type queue struct {
	// Changed is told whether there is something.
	Changed func(bool)

	answers, data []byte
	last          byte
}

// Len is how many bytes wait.
func (q *queue) Len() int { return len(q.answers) + len(q.data) }

// put queues bytes, all or none of them.
func (q *queue) put(p ...byte) bool {
	if mostQueued-q.Len() < len(p) {
		return false
	}
	q.data = append(q.data, p...)
	q.tell(true)
	return true
}

// answer puts the answer to a command in front.
func (q *queue) answer(p ...byte) {
	q.answers = p
	q.tell(true)
}

// Read takes the next byte.
func (q *queue) Read() byte {
	from := &q.answers
	if len(*from) == 0 {
		from = &q.data
	}
	if len(*from) == 0 {
		return q.last
	}
	q.last, *from = (*from)[0], (*from)[1:]
	q.tell(false)
	q.tell(q.Len() > 0)
	return q.last
}

func (q *queue) clear() { q.answers, q.data = nil, nil }

func (q *queue) tell(any bool) {
	if q.Changed != nil {
		q.Changed(any)
	}
}

func (q *queue) vmstate(f *vmstate.Fields) {
	f.Field("answers", &q.answers)
	f.Field("queued", &q.data)
	f.Field("last", &q.last)
	if f.Loading() && q.Len() > 2*mostQueued {
		q.clear()
	}
}

// ack and resend are the usual answers of both devices.
const (
	ack    = 0xfa
	resend = 0xfe
	passed = 0xaa // the self-test
)
