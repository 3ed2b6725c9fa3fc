package verify

import (
	"fmt"
	"slices"
)

// Configs lists all configurations, the small ones first.
func Configs() []Config {
	return slices.Concat(traces(), shapes(), finalizers(), aggregates(), machines())
}

// ConfigByName returns one of them.
func ConfigByName(name string) (*Config, error) {
	for _, c := range Configs() {
		if c.Name == name {
			return &c, nil
		}
	}
	return nil, fmt.Errorf("no configuration '%s'", name)
}

// pair is the heap object P with the embedded child C.
func pair() []Object {
	return []Object{{Label: "P"}, {Label: "C", In: "P", Parent: "P"}}
}

// script is a thread with steps.
func script(name string, steps ...Step) Thread { return Thread{Name: name, Steps: steps} }

// The services, under the names that counterexamples print.
func reclaimer() Thread { return Thread{Name: "reclaimer", Service: "reclaim"} }
func mainLoop() Thread  { return Thread{Name: "main", Service: "drain"} }

// traces are the two cases of the discussion on qemu-devel.
func traces() []Config {
	return []Config{
		{
			Name: "trace-1", About: "the owner drops P, which embeds C; nobody else",
			Objects: pair(),
			Threads: []Thread{script("monitor", Unref("P"))},
		},
		{
			Name: "trace-2", About: "the same while somebody holds C",
			Objects: pair(), Held: []Token{{"h", "C"}},
			Threads: []Thread{script("monitor", Unref("P")), script("holder", Release("h"))},
		},
		{
			Name: "trace-2-unlocked", About: "trace-2 without the machine's lock: the counters alone keep order",
			Objects: pair(), Held: []Token{{"h", "C"}}, Unlocked: true,
			Threads: []Thread{script("monitor", Unref("P")), script("holder", Release("h"))},
		},
		{
			Name: "async-last", About: "the last reference on C ends off the lock: its finalizer waits for the lock",
			Objects: pair(), Held: []Token{{"h", "C"}},
			Threads: []Thread{script("monitor", Unref("P")), script("worker", Async("h")), mainLoop()},
		},
		{
			Name: "async-split", About: "a request that is split off the lock, its halves ending in any order",
			Objects: pair(), Held: []Token{{"h", "C"}, {"i", "C"}},
			Threads: []Thread{
				script("monitor", Unref("P")),
				script("worker1", Share("h", "a"), Async("h"), Share("a", "b"), Async("a"), Async("b")),
				script("worker2", Share("i", "c"), Async("i"), Async("c")),
				mainLoop(),
			},
		},
	}
}

// shapes are ways of embedding and linking.
func shapes() []Config {
	two := []Object{{Label: "P"}, {Label: "C", In: "P", Parent: "P"}, {Label: "D", In: "P", Parent: "P"}}
	linked := func(c, d []string) []Object {
		list := slices.Clone(two)
		list[1].Links, list[2].Links = c, d
		return list
	}
	nested := []Object{{Label: "P"}, {Label: "C", In: "P", Parent: "P"}, {Label: "G", In: "C", Parent: "C"}}
	array := []Object{{Label: "P"}}
	for _, l := range []string{"C0", "C1", "C2", "C3"} {
		array = append(array, Object{Label: l, In: "P", Parent: "P"})
	}
	return []Config{
		{
			Name: "nested", About: "G lies in C lies in P; both are held",
			Objects: nested, Held: []Token{{"h", "C"}, {"i", "G"}},
			Threads: []Thread{script("monitor", Unref("P")), script("holder1", Release("h")), script("holder2", Release("i"))},
		},
		{
			Name: "nested-unlocked", About: "the same without the lock", Unlocked: true,
			Objects: nested, Held: []Token{{"h", "C"}, {"i", "G"}},
			Threads: []Thread{script("monitor", Unref("P")), script("holder1", Release("h")), script("holder2", Release("i"))},
		},
		{
			Name: "two-children", About: "two children, three holders that find, share and drop them, on the lock and off it",
			Objects: []Object{{Label: "P", Parent: "/"}, {Label: "C", In: "P", Parent: "P"}, {Label: "D", In: "P", Parent: "P"}},
			Held:    []Token{{"h", "C"}},
			Threads: []Thread{
				script("monitor", Unparent("P")),
				script("holder1", Share("h", "h2"), Async("h"), Async("h2")),
				script("holder2", Find("D", "i"), Share("i", "i2"), Release("i"), Async("i2")),
				script("holder3", Find("C", "j"), Async("j")),
				mainLoop(),
			},
		},
		{
			Name: "two-children-unlocked", About: "two children, three holders, without the lock", Unlocked: true,
			Objects: two, Held: []Token{{"h", "C"}, {"i", "D"}, {"j", "D"}},
			Threads: []Thread{
				script("monitor", Unref("P")), script("holder1", Release("h")),
				script("holder2", Release("i")), script("holder3", Release("j")),
			},
		},
		{
			Name: "array", About: "an array of four; each held element pins all",
			Objects: array, Held: []Token{{"h0", "C0"}, {"h1", "C1"}, {"h2", "C2"}, {"h3", "C3"}, {"k", "C0"}},
			Threads: []Thread{
				script("monitor", Unref("P")),
				script("holder1", Async("h0"), Release("h1")),
				script("holder2", Async("h2"), Release("h3"), Async("k")),
				mainLoop(),
			},
		},
		{
			Name: "array-unlocked", About: "an array of four, five tokens, three threads, without the lock", Unlocked: true,
			Objects: array, Held: []Token{{"h0", "C0"}, {"h1", "C1"}, {"h2", "C2"}, {"h3", "C3"}, {"k", "C0"}},
			Threads: []Thread{
				script("monitor", Unref("P")),
				script("holder1", Release("h0"), Release("h1")),
				script("holder2", Release("h2"), Release("h3"), Release("k")),
			},
		},
		{
			Name: "foreign-parent", About: "B lies in C but is the child of P, like the bus of an xHCI controller",
			Objects: []Object{{Label: "P", Parent: "/"}, {Label: "C", In: "P", Parent: "P"}, {Label: "B", In: "C", Parent: "P"}},
			Held:    []Token{{"h", "B"}},
			Threads: []Thread{script("monitor", Unparent("P")), script("holder", Find("C", "i"), Release("i")), script("worker", Async("h")), mainLoop()},
		},
		{
			Name: "sibling-link", About: "C links to its sibling D: any order of release is fine",
			Objects: linked([]string{"D"}, nil), Held: []Token{{"h", "C"}, {"i", "D"}},
			Threads: []Thread{script("monitor", Unref("P")), script("holder1", Release("h")), script("holder2", Release("i"))},
		},
		{
			Name: "sibling-links-both-ways", About: "C and D link to each other: a leak",
			Objects: linked([]string{"D"}, []string{"C"}), Held: []Token{{"h", "C"}}, Leak: []string{"C", "D"},
			Threads: []Thread{script("monitor", Unref("P")), script("holder", Release("h"))},
		},
		{
			Name: "link-to-parent", About: "C has a strong link to P, as the xHCI core of QEMU 7.2 to 10.2: P is never finalized",
			Objects: []Object{{Label: "P", Parent: "/"}, {Label: "C", In: "P", Parent: "P", Links: []string{"P"}}},
			Leak:    []string{"P", "C"}, Held: []Token{{"h", "C"}},
			Threads: []Thread{script("monitor", Unparent("P")), script("worker", Async("h")), mainLoop()},
		},
		{
			Name: "link-to-parent-broken", About: "the same, but the link is cleared at unplug",
			Objects: []Object{{Label: "P", Parent: "/"}, {Label: "C", In: "P", Parent: "P", Links: []string{"P"}}},
			Held:    []Token{{"h", "C"}},
			Threads: []Thread{script("monitor", Link("C", ""), Unparent("P")), script("worker", Async("h")), mainLoop()},
		},
		{
			Name: "link-target-deleted", About: "the target of a link is deleted by the user and lives on without a path",
			Objects: []Object{{Label: "D", Parent: "/", Links: []string{"T"}}, {Label: "T", Parent: "/"}},
			Threads: []Thread{script("monitor", Unparent("T"), Unparent("D")), script("user", Find("T", "h"), Release("h"))},
		},
	}
}

// finalizers are finalizers that do what they may and may not do.
func finalizers() []Config {
	with := func(label string, acts ...Act) []Object {
		list := []Object{{Label: "P"}, {Label: "C", In: "P", Parent: "P"}, {Label: "D", In: "P", Parent: "P"}}
		for i := range list {
			if list[i].Label == label {
				list[i].Finalizer = acts
			}
		}
		return list
	}
	threads := []Thread{script("monitor", Unref("P")), script("holder1", Release("h")), script("holder2", Release("i"))}
	held := []Token{{"h", "C"}, {"i", "D"}}
	return []Config{
		{
			Name: "finalizer-refs-itself", About: "a finalizer takes a reference on its own object: refused",
			Objects: with("C", Act{Hold: "C"}), Held: held, Threads: threads, Expect: []string{"resurrection"},
		},
		{
			Name: "finalizer-refs-parent", About: "a child's finalizer takes a reference on its parent, which is being finalized",
			Objects: with("C", Act{Hold: "P"}), Held: held, Threads: threads, Expect: []string{"resurrection"},
		},
		{
			Name: "finalizer-refs-sibling", About: "possible or not, depending on who went first: forbidden for that",
			Objects: with("C", Act{Hold: "D"}), Held: held, Threads: threads, Expect: []string{"resurrection", "finalizer"},
		},
		{
			Name: "parent-uses-child", About: "P's finalizer reads C, which may be finalized already",
			Objects: with("P", Act{Use: "C"}), Held: held, Threads: threads, Expect: []string{"use-after-finalize"},
		},
		{
			Name: "child-uses-parent", About: "a late finalizer of C reads P: the memory is safe, the state is not",
			Objects: with("C", Act{Use: "P"}), Held: held, Threads: threads, Expect: []string{"use-after-finalize"},
		},
	}
}

// aggregates are situations from above under the other rule: an object and all
// that is embedded in it as one. Cycles inside are no leaks, and a finalizer may
// use its container's state, but not that of what it contains.
func aggregates() []Config {
	var list []Config
	add := func(c Config, about string, change func(*Config)) {
		c.Name, c.About, c.Aggregate = "aggregate-"+c.Name, about, true
		if change != nil {
			change(&c)
		}
		list = append(list, c)
	}
	for _, c := range slices.Concat(traces(), shapes(), finalizers()) {
		switch c.Name {
		case "trace-1", "trace-2", "async-split", "nested", "array", "two-children", "foreign-parent":
			add(c, "as "+c.Name+", all at once", nil)
		case "sibling-links-both-ways", "link-to-parent":
			add(c, "as "+c.Name+", but no leak", func(c *Config) { c.Leak = nil })
		case "parent-uses-child":
			add(c, "children are finalized first, so this is always wrong", nil)
		case "child-uses-parent":
			add(c, "the parent is finalized last, so this is right", func(c *Config) { c.Expect = nil })
		}
	}
	return list
}
