// Package verify explores every interleaving of the object core, the shipped
// package qom and not a copy of it, and checks the rules of lifetime in every
// state.
//
// # How
//
// A [Config] names objects and threads: a monitor that plugs and unplugs,
// holders that take and drop tokens, workers that do it off the lock, readers
// that pin an epoch, a reclaimer, and the main loop that drains the queue of
// tokens. The threads are coroutines. They run production code, which calls a
// hook before every change of a counter, release of a property, finalizer,
// storage decrement and free; there the thread rests, and the explorer decides
// who goes on. A thread that wants the machine's lock cannot go on while
// another has it.
//
// The explorer searches depth first. It cannot copy the stack of a thread, so
// to come back to a state it runs the schedule that led there again, on a new
// tree. A state is a digest of counters, phases, tables, ledger, queues, epochs
// and the places where the threads rest; one that was seen is not gone through
// again. Of threads whose next steps cannot influence each other only one order
// is tried; why that is sound is told at [explorer.choose] and in reduce.go,
// and a test compares with the search that tries all.
//
// # What is checked
//
// In every state: both counters against ledger and storage, parents against
// children, what is freed and finalized against each other, that finalizers run
// under the lock, that events come once, after free, children first. In every
// state in which no thread is inside a step: [qom.Check], and a second opinion
// by a model that has no counters and only knows who holds what. At the end:
// nothing leaks but what the configuration says.
//
// What is above package qom, such as the gate that refuses late accesses, is
// not part of this. The reclaimer is: the one of devices/memory can be handed
// in, and "qomd verify" does; by itself this package uses a model of it.
package verify
