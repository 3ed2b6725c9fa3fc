package hmp

import (
	"fmt"
	"strings"
)

// lockProfileRows is the command that has waits for the machine's lock counted,
// the only one here that many wait for.
func lockProfileRows() []*command {
	return []*command{{
		names: "sync-profile", args: "op:s?", params: "[on|off|reset]",
		help: "count waits for the machine's lock, or not, or begin anew; without an argument tell which", run: lockProfile,
	}}
}

func lockProfile(r *run) error {
	m := r.h.m
	switch op := r.args.text("op"); {
	case op == "on", op == "off":
		m.ProfileLock(op == "on")
	case op == "reset":
		m.ForgetLockWaits()
	case r.has("op"):
		return fmt.Errorf("invalid parameter '%s', expecting 'on', 'off', or 'reset'", op)
	case m.LockProfiled():
		r.printf("sync-profile is on\n")
	default:
		r.printf("sync-profile is off\n")
	}
	return nil
}

// lockProfileTopics is the topic of "info" that tells who waited.
func lockProfileTopics() []*command {
	return []*command{{
		names: "sync-profile", args: "mean:-m,no_coalesce:-n,max:i?", params: "[-m] [-n] [max]",
		help: "who waited how long for the machine's lock; -m: the longest average first; -n changes nothing with one lock",
		run:  infoLockProfile,
	}}
}

// shownWaits is how many places are listed unless somebody wants more.
const shownWaits = 10

func infoLockProfile(r *run) error {
	list := r.h.m.LockWaits(r.args.flag("mean"))
	most := int64(shownWaits)
	if r.has("max") {
		most = r.args.number("max")
	}
	list = list[:min(int64(len(list)), most)]
	width := len("Call site")
	for _, w := range list {
		width = max(width, len(w.Place))
	}
	head := fmt.Sprintf("%-9s  %14s  %-*s  %13s  %12s  %12s", "Type", "Object", width, "Call site", "Wait Time (s)", "Count", "Average (us)")
	line := strings.Repeat("-", len(head))
	r.printf("%s\n%s\n", head, line)
	for _, w := range list {
		r.printf("%-9s  %14p  %-*s  %13.5f  %12d  %12.2f\n", "BQL mutex", r.h.m, width, w.Place,
			w.Total.Seconds(), w.Count, float64(w.Average().Nanoseconds())/1000)
	}
	r.printf("%s\n", line)
	return nil
}
