package hmp

// machineTopics are the topics of "info" on the machine as a whole.
func machineTopics() []*command {
	return []*command{
		{names: "version", help: "the version of QEMU that is spoken", qmp: "query-version", run: infoVersion},
		{names: "name", help: "the name of the machine", qmp: "query-name", run: infoName},
		{names: "uuid", help: "the UUID of the machine", qmp: "query-uuid",
			run: func(r *run) error {
				o, err := r.object("query-uuid")
				if err == nil {
					r.printf("%s\n", text(o, "UUID"))
				}
				return err
			}},
		{names: "status", help: "whether the machine runs", qmp: "query-status", run: infoStatus},
		{names: "kvm", help: "whether KVM is in use", qmp: "query-kvm", run: infoKVM},
		{names: "accelerators", help: "accelerators, the one in use in brackets", qmp: "query-accelerators", run: infoAccelerators},
		{names: "history", help: "the lines typed so far",
			run: func(r *run) error {
				if r.session.history != nil {
					for i, line := range r.session.history.lines {
						r.printf("%d: '%s'\n", i, line)
					}
				}
				return nil
			}},
	}
}

func infoVersion(r *run) error {
	o, err := r.object("query-version")
	if err != nil {
		return err
	}
	v := member(o, "qemu")
	r.printf("%d.%d.%d%s\n", number(v, "major"), number(v, "minor"), number(v, "micro"), text(o, "package"))
	return nil
}

func infoName(r *run) error {
	o, err := r.object("query-name")
	if err == nil && o.Has("name") {
		r.printf("%s\n", text(o, "name"))
	}
	return err
}

func infoStatus(r *run) error {
	o, err := r.object("query-status")
	if err != nil {
		return err
	}
	word, status := "paused", text(o, "status")
	if flag(o, "running") {
		word = "running"
	}
	r.printf("VM status: %s", word)
	if !flag(o, "running") && status != "paused" {
		r.printf(" (%s)", status)
	}
	r.printf("\n")
	return nil
}

func infoKVM(r *run) error {
	o, err := r.object("query-kvm")
	if err != nil {
		return err
	}
	word := "not compiled"
	switch {
	case flag(o, "present") && flag(o, "enabled"):
		word = "enabled"
	case flag(o, "present"):
		word = "disabled"
	}
	r.printf("kvm support: %s\n", word)
	return nil
}

func infoAccelerators(r *run) error {
	o, err := r.object("query-accelerators")
	if err != nil {
		return err
	}
	present, _ := o.Get("present")
	names, _ := present.([]any)
	gap := ""
	for _, n := range names {
		if plain(n) == text(o, "enabled") {
			r.printf("%s[%s]", gap, plain(n))
		} else {
			r.printf("%s%s", gap, plain(n))
		}
		gap = " "
	}
	r.printf("\n")
	return nil
}
