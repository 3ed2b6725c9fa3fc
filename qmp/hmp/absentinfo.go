package hmp

// absent are parts of QEMU that no machine here has, with what QEMU prints when
// it runs without them.
var absent = []struct{ topic, help, answer string }{
	{"jit", "the compiler of guest code; there is none", "Error: JIT information is only available with accel=tcg\n"},
	{"replay", "record and replay; there is none", "Record/replay is not active\n"},
	{"sev", "AMD SEV; there is none", "SEV is not enabled\n"},
	{"spice", "the SPICE server; there is none", "Server: disabled\n"},
	{"via", "MOS6522 VIA devices; there are none", "MOS6522 VIA is not available in this QEMU\n"},
}

// absentTopics are the topics of "info" on what is not there.
func absentTopics() []*command {
	var rows []*command
	for _, a := range absent {
		rows = append(rows, &command{
			names: a.topic, help: a.help,
			run: func(r *run) error { r.printf("%s", a.answer); return nil },
		})
	}
	for _, t := range []struct{ name, args, params, help string }{
		{"rocker", "name:s", "name", "a rocker switch"},
		{"rocker-ports", "name:s", "name", "the ports of a rocker switch"},
		{"rocker-of-dpa-flows", "name:s,tbl_id:i?", "name [tbl_id]", "the flows of a rocker switch"},
		{"rocker-of-dpa-groups", "name:s,type:i?", "name [type]", "the groups of a rocker switch"},
	} {
		query := "query-" + t.name
		rows = append(rows, &command{names: t.name, args: t.args, params: t.params, help: t.help + "; there is none",
			qmp: query, run: forward(query, "name", "tbl-id=tbl_id", "type")})
	}
	return append(rows, &command{
		names: "sgx", help: "Intel SGX; there is none",
		run: func(r *run) error {
			if !r.h.m.IsPC() && !r.h.m.IsQ35() {
				r.printf("SGX is only supported on PC machines\n")
				return nil
			}
			r.printf("No EPC regions defined, SGX not available\n")
			return nil
		},
	})
}
