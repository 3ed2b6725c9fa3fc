package verify

import "slices"

// controller is a device with an embedded core that is a device of its own, as
// qemu-xhci; what its core is mapped as, readers find.
func controller(name string) []Object {
	core := name + "core"
	return []Object{
		{Label: name, Parent: "/", Device: true, Mapped: true},
		{Label: core, In: name, Parent: name, Device: true, Mapped: true},
	}
}

// machines are situations with views, epochs and events.
func machines() []Config {
	later := func(list []Object) []Object {
		list = slices.Clone(list)
		for i := range list {
			list[i].Later = true
		}
		return list
	}
	two := func(name string) []Object {
		list := controller(name)
		return append(list, Object{Label: name + "bus", In: name, Parent: name, Device: true})
	}
	return []Config{
		{
			Name: "unplug", About: "unplug of a controller: view and bus let go after their grace periods, events come core first",
			Objects: controller("x"),
			Threads: []Thread{script("monitor", Unplug("x")), reclaimer()},
		},
		{
			Name: "unplug-mapped", About: "the seed's case: the core is mapped for direct memory access while its controller is unplugged",
			Objects: controller("x"), Held: []Token{{"dma", "xcore"}},
			Threads: []Thread{script("monitor", Unplug("x")), script("worker", Async("dma")), reclaimer(), mainLoop()},
		},
		{
			Name: "reader", About: "a reader meets an object of an old view and reads it, off the lock, again and again",
			Objects: controller("x"),
			Threads: []Thread{
				script("monitor", Unplug("x")),
				script("reader", Pin(), Load("xcore"), Use(), Use(), Unpin(), Pin(), Load("x"), Use(), Unpin()),
				reclaimer(), mainLoop(),
			},
		},
		{
			Name: "replug", About: "the id is used again while the old storage drains",
			Objects: controller("x"), Held: []Token{{"dma", "xcore"}},
			Threads: []Thread{
				script("monitor", Unplug("x"), Plug("x"), Unplug("x")),
				script("worker", Share("dma", "dma2"), Async("dma"), Async("dma2")),
				script("user", Find("xcore", "u"), Async("u")),
				reclaimer(), mainLoop(),
			},
		},
		{
			Name: "realize-fails", About: "a device fails to realize after its embedded core was: only the core is announced",
			Objects: later(controller("x")),
			Threads: []Thread{
				script("monitor", PlugFails("x"), Plug("x"), Unplug("x")),
				script("user", Find("xcore", "u"), Async("u")),
				reclaimer(), mainLoop(),
			},
		},
		{
			Name: "introspect", About: "an object made to list its properties vanishes without unparent",
			Objects: controller("x"), Held: []Token{{"dma", "xcore"}},
			Threads: []Thread{
				script("monitor", Introspect("x"), Unplug("x")),
				script("user", Find("x", "u"), Release("u")), script("worker", Async("dma")),
				reclaimer(), mainLoop(),
			},
		},
		{
			Name: "two-controllers-aggregate", About: "two controllers, one used again, as aggregates: a controller and its core end together", Large: true, Aggregate: true,
			Objects: append(controller("x"), controller("y")...),
			Held:    []Token{{"hx", "xcore"}, {"hy", "ycore"}},
			Threads: []Thread{
				script("monitor", Unplug("x"), Plug("x"), Unplug("y")),
				script("holder1", Share("hx", "hx2"), Async("hx"), Async("hx2")),
				script("holder2", Release("hy"), Find("xcore", "f"), Async("f")),
				script("reader", Pin(), Load("ycore"), Use(), Unpin()),
				reclaimer(), mainLoop(),
			},
		},
		{
			Name: "two-controllers", About: "two controllers with two children each, three holders, reader, reclaimer, monitor, main loop", Large: true,
			Objects: append(two("x"), two("y")...),
			Held:    []Token{{"hx", "xcore"}, {"hy", "ycore"}, {"bx", "xbus"}},
			Threads: []Thread{
				script("monitor", Unplug("x"), Unplug("y")),
				script("holder1", Share("hx", "hx2"), Async("hx"), Async("hx2")),
				script("holder2", Release("hy"), Find("xbus", "f"), Async("f")),
				script("holder3", Async("bx"), Find("ybus", "g"), Release("g")),
				script("reader", Pin(), Load("ycore"), Use(), Unpin()),
				reclaimer(), mainLoop(),
			},
		},
	}
}
