// Package vmstate is how models say what of them a migration carries: one
// method, VMState, names the fields, and serves both directions.
//
//	func (e *Edu) VMState(f *vmstate.Fields) {
//		e.Device.VMState(f) // the base's first
//		f.Field("liveness", &e.liveness)
//		f.Bytes("buffer", e.buffer[:])
//	}
//
// A section, the fields of one object, travels as a JSON object of its names and
// values: whoever reads a stream sees what is in it. Names stay; a field that is
// missing, one that nobody reads, or a value that does not fit its variable ends
// the reading with an error that says which.
//
// What an object's own fields say is loaded at once. What follows from them (a
// mapping, a line that is up, a timer) is brought up to date by functions given
// to [Fields.Loaded], after every object of the machine has its fields. They
// run in the order of the objects.
//
// It corresponds to VMStateDescription in QEMU; the format is not QEMU's.
package vmstate
