// Package scenario runs stories about machines: what a client says, what the
// guest does, how much time passes, and what everybody is to see after each
// step. A story is a YAML file:
//
//	name: the guest acknowledges after two seconds
//	machine:
//	  type: q35
//	  nodefaults: true
//	  guest: {kind: linux, delay-ms: 2000}
//	  devices:
//	    - {driver: pcie-root-port, id: rp0, chassis: 1}
//	    - {driver: virtio-rng-pci, id: r0, bus: rp0}
//	steps:
//	  - qmp: device_del
//	    arguments: {id: r0}
//	    devices: {r0: plugged}
//	  - clock: 2s
//	    events:
//	      - DEVICE_DELETED: {path: /machine/peripheral/r0/virtio-backend}
//	      - DEVICE_DELETED: {device: r0}
//	    devices: {r0: gone}
//
// # Machine
//
// The machine is described as in the configuration of qomd, inline or as the
// name of a file with one machine. Its clock stands still but for the steps
// that move it. A story about a machine that breaks the rules of lifetime lists
// the kinds under violations. It can be harmed by the faults of [machine.Faults].
//
// # Steps
//
// A step does one thing:
//
//	qmp: COMMAND       with arguments: {...}, and descriptor: FILE, which is
//	                   opened and handed over with the command
//	connect: NAME      another client; disconnect: NAME
//	clock: 5s          let virtual time pass; it does not while stopped
//	register: LINE     a line of the qtest protocol, see package qtest
//	guest: {...}       set properties of /machine/guest
//	fault: {...}       set properties of /machine/faults
//	hold: PATH         keep an object's storage from being freed
//	release: PATH      end that
//	restart: true      end the machine and start it again
//	look: true         nothing
//
// and says what is to be seen then:
//
//	returns: VALUE     what the command returned; a map needs to have at least
//	                   the members named
//	error: TEXT        or {class: CLASS, desc: TEXT}
//	reply: none        nothing was answered so far
//	late: [...]        answers of earlier commands that come now, each
//	                   {returns: VALUE} or {error: TEXT}
//	answer: TEXT       of a register line
//	greeting: none     of connect; refused: hung up on at once; only: it is not
//	                   negotiated. late: one that was kept back comes now
//	events: [...]      those the client received, all of them and in order, each
//	                   NAME or NAME: {data, complete}
//	order: [...]       "reply" and the names of events, as they came
//	closed: true       the client was hung up on
//	ended: STATUS      the machine ended, as a process would
//	devices: {ID: S}   see below
//	draining: [...]    former paths of storages that are not free yet
//
// Steps name another client than the first one, "main", with client: NAME. What
// a step does not expect must not happen: no command may fail and no event may
// come unannounced.
//
// # One story
//
// There are four ways to see whether a device is there: DEVICE_DELETED,
// query-pci, qom-list, and whether its backend is in use. After every step the
// package looks at all of them, for every device there ever was, and fails when
// they contradict each other. What they say together is the state of the
// device:
//
//	plugged    it is in the tree and on its bus, and uses its backend
//	draining   it left both and let go of its backend, and the event is due
//	gone       the event has come
//
// # Determinism
//
// The same story gives the same bytes, see [Result.Bytes]: timestamps are
// virtual, and the guest's chance has a seed.
package scenario
