package hmp

// portRows are the commands on I/O ports.
func portRows() []*command {
	return []*command{
		{names: "i", args: "fmt:/,addr:i,index:i.", params: "/fmt addr",
			help: "read an I/O port; with an index, the port after addr, once the index was written there", run: readPort},
		{names: "o", args: "fmt:/,addr:i,val:i", params: "/fmt addr value", help: "write an I/O port",
			run: func(r *run) error {
				size, _ := portSize(r.args["fmt"].(format))
				r.h.m.IOSpace().WriteN(uint64(uint16(r.args.number("addr"))), size, uint64(r.args.number("val")))
				return nil
			}},
	}
}

func readPort(r *run) error {
	f := r.args["fmt"].(format)
	size, letter := portSize(f)
	port := uint16(r.args.number("addr"))
	if r.has("index") {
		r.h.m.IOSpace().WriteN(uint64(port), 1, uint64(uint8(r.args.number("index"))))
		port++
	}
	v, _ := r.h.m.IOSpace().ReadN(uint64(port), size)
	r.printf("port%c[0x%04x] = 0x%0*x\n", letter, port, max(2*f.size, 0), v)
	return nil
}

// portSize returns the size of an access, in bytes, and the letter that stands
// for it. What no port can have counts as a byte.
func portSize(f format) (int, byte) {
	switch f.size {
	case 2:
		return 2, 'w'
	case 4:
		return 4, 'l'
	}
	return 1, 'b'
}
