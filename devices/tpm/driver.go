package tpm

// driver is the way to a TPM. Its methods block, and are called without the
// machine's lock by one goroutine at a time, but for those that say otherwise.
type driver interface {
	// version, bufferSize (how long a command or response may be, in bytes) and
	// options (as query-tpm shows them) do not change. Anybody may call them.
	version() Version
	bufferSize() int
	options() Options
	// movable is why its state cannot be carried to another host, nil if it can.
	// Anybody may call it.
	movable() error

	// start begins anew, as the TPM does at a reset, with buffers of a size. With
	// wait it is only prepared, since its state is still to come.
	start(size int, wait bool) error
	// execute has a command executed at a locality.
	execute(locality uint8, command []byte) (response []byte, err error)
	// cancel ends the command that is being executed; any goroutine may call it.
	cancel()
	// established reads the flag that a measured launch of the guest sets, and
	// resetEstablished clears it.
	established() (bool, error)
	resetEstablished() error
	// save reads the state of the TPM, and load starts it with a state.
	save() (state, error)
	load(state) error
	// relock takes the TPM's storage back, after a migration for which save gave
	// it up has failed.
	relock() error
	// close ends the use of the TPM, within a few seconds.
	close() error
	// abandon makes what is under way fail; any goroutine may call it.
	abandon()
}

// Options are those of a back end that has been made, as query-tpm shows them.
type Options struct {
	Type string `json:"type"`
	Data any    `json:"data"`
}

// state is what a TPM consists of: blobs that only the TPM can read.
type state struct {
	Permanent blob `json:"permanent"`
	Volatile  blob `json:"volatile"`
	SaveState blob `json:"save-state"`
}

type blob struct {
	Flags uint32 `json:"flags"`
	Data  []byte `json:"data"`
}

func (s *state) blobs() []*blob { return []*blob{&s.Permanent, &s.Volatile, &s.SaveState} }
