package hmp

// portRows are the commands on I/O ports.
func portRows() []*command {
	return []*command{
		{names: "i", args: "fmt:/,addr:i", params: "/fmt addr", help: "read an I/O port",
			run: func(r *run) error {
				size, letter := portSize(r.args["fmt"].(format))
				port := uint16(r.args.number("addr"))
				v, _ := r.h.m.IOSpace().ReadN(uint64(port), size)
				r.printf("port%c[0x%04x] = 0x%0*x\n", letter, port, 2*size, v)
				return nil
			}},
		{names: "o", args: "fmt:/,addr:i,val:i", params: "/fmt addr value", help: "write an I/O port",
			run: func(r *run) error {
				size, _ := portSize(r.args["fmt"].(format))
				r.h.m.IOSpace().WriteN(uint64(uint16(r.args.number("addr"))), size, uint64(r.args.number("val")))
				return nil
			}},
	}
}

// portSize returns the size of an access, in bytes, and the letter that stands
// for it; ports are at most 32 bit wide.
func portSize(f format) (int, byte) {
	switch f.size {
	case 1:
		return 1, 'b'
	case 2:
		return 2, 'w'
	}
	return 4, 'l'
}
