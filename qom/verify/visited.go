package verify

import "sync"

// shard is a part of the set of known states.
type shard struct {
	mu sync.Mutex
	m  map[digest]threadSet // threads that slept when the state was explored
}

// visit records a state and returns the threads to try there: all but those
// that sleep, and when the state is known, those that slept then and do not now.
// It also returns those that sleep in the branches, which is what is known to
// be covered on all the ways that led here (Godefroid's sleep sets with state
// matching).
func (e *explorer) visit(key digest, all, asleep threadSet) (todo, sleep threadSet) {
	s := &e.seen[key[1]%uint64(len(e.seen))]
	s.mu.Lock()
	defer s.mu.Unlock()
	before, known := s.m[key]
	if !known {
		e.states.Add(1)
		s.m[key] = asleep
		return all &^ asleep, asleep
	}
	s.m[key] = before & asleep
	return before &^ asleep, before & asleep
}
