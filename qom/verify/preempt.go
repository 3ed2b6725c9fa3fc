package verify

// lastThread returns one more than the number of the thread that went last.
func (r *run) lastThread() int {
	if len(r.taken) == 0 {
		return 0
	}
	return int(r.taken[len(r.taken)-1]) + 1
}

// preempts reports whether going on with th interrupts another that could.
func (r *run) preempts(th *thread) bool {
	n := r.lastThread()
	return n != 0 && r.threads[n-1] != th && r.enabled(r.threads[n-1])
}

// bounded leaves out the threads that would interrupt once too often.
func bounded(list []*thread, r *run, left int) []*thread {
	if left > 0 {
		return list
	}
	var out []*thread
	for _, th := range list {
		if !r.preempts(th) {
			out = append(out, th)
		}
	}
	return out
}
