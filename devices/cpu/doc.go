// Package cpu is the x86 processor as a device: its place in the topology, the
// features of its model, its local APIC. It runs nothing.
//
// What a model has is recorded in the catalog; a property that nobody set
// shows the model's value. The recording of a model is read once per process,
// when the first such property is asked for, and shared by all machines.
//
// [Topology] turns places into APIC ids and back, and checks where a new
// processor wants to go; the machine owns the slots.
//
// Left out: feature-words and filtered-features, the registers of CPUID that
// the features are bits of, stay empty.
package cpu
