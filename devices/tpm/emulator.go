package tpm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/vmstate"
)

// capabilities are what a TPM of swtpm can do, as its control channel tells.
type capabilities uint64

const (
	canInit capabilities = 1 << iota
	canShutdown
	canGetEstablished
	canSetLocality
	_ // hashing
	canCancel
	_ // storing the volatile state
	canResetEstablished
	canGetState
	canSetState
	canStop
	_ // configuration
	canSetDataFD
	canSetBufferSize
	_ // information
	_ // command headers
	canLockStorage

	// needed are what a TPM of either family must be able to do.
	needed = canInit | canShutdown | canGetEstablished | canSetLocality | canSetDataFD | canStop | canSetBufferSize
	// carried are what takes a state to another host.
	carried = canGetState | canSetState | canStop
)

// emulator is the driver of swtpm.
type emulator struct {
	chardev   string
	control   *control
	data      net.Conn // TPM commands and responses
	family    Version
	can       capabilities
	size      int
	locality  int // that was set last; negative: none
	executing atomic.Bool
}

// newEmulator sets up swtpm behind a character device; do takes the machine's lock,
// which is not held.
func newEmulator(chars *chardev.Set, do func(func()), id, name string) (driver, error) {
	e := &emulator{chardev: name, control: newControl("tpm " + id), locality: -1}
	attended := false
	var err error
	do(func() {
		c := chars.Find(name)
		if c == nil {
			err = fmt.Errorf("tpm-emulator: tpm chardev '%s' not found", name)
		} else if err = c.Connect(&e.control.front); err != nil {
			err = fmt.Errorf("tpm-emulator: No valid chardev found at '%s':%w", name, err)
		} else {
			e.control.front.SetOpen(false) // as QEMU, which never says that it listens
			socket, ok := c.Backend().(*chardev.Socket)
			attended = ok && socket.Connected()
		}
	})
	if err != nil {
		return nil, err
	}
	if attended {
		e.control.await()
	}
	if err := e.setUp(); err != nil {
		return nil, errors.Join(err, e.shutdown())
	}
	return e, nil
}

// setUp gives swtpm its socket, and looks at what it is.
func (e *emulator) setUp() error {
	if err := e.openData(); err != nil {
		return err
	}
	if e.family = probe(e.askSoon); e.family == 0 {
		return fmt.Errorf("'%s' is not emulating TPM device. Error: %s", e.chardev, "Success")
	}
	r, err := e.control.do(cmdGetCapability, 8, -1, nil)
	if err != nil {
		return errors.New("tpm-emulator: probing failed")
	}
	e.can = capabilities(binary.BigEndian.Uint64(r))
	want, name := needed, "1.2"
	if e.family == Version20 {
		want, name = needed|canResetEstablished, "2"
	}
	if e.can&want != want {
		return fmt.Errorf("tpm-emulator: TPM does not implement minimum set of required capabilities for TPM %s (%#x)", name, uint64(want))
	}
	e.size, err = e.setBuffer(0)
	return err
}

// openData makes the socket for TPM commands and hands one end of it to swtpm.
func (e *emulator) openData() error {
	failed := errors.New("tpm-emulator: Failed to send CMD_SET_DATAFD")
	ours, theirs, err := chardev.SocketPair()
	if err != nil {
		return errors.New("tpm-emulator: Failed to create socketpair")
	}
	defer ours.Close()
	defer theirs.Close()
	r, err := e.control.do(cmdSetDataFD, 4, int(theirs.Fd()), nil)
	if err != nil || binary.BigEndian.Uint32(r) != 0 {
		return failed
	}
	e.data, err = net.FileConn(ours)
	return err
}

// askSoon is how the TPM is asked what it is: it has a second.
func (e *emulator) askSoon(command []byte) ([]byte, error) {
	e.data.SetDeadline(time.Now().Add(time.Second))
	defer e.data.SetDeadline(time.Time{})
	return e.exchange(command, 1024)
}

// exchange sends a TPM command and reads the response, of at most limit bytes.
func (e *emulator) exchange(command []byte, limit int) ([]byte, error) {
	if _, err := e.data.Write(command); err != nil {
		return nil, fmt.Errorf("Unable to write to socket: %s", object.Strerror(err))
	}
	response := make([]byte, headerSize)
	if _, err := io.ReadFull(e.data, response); err != nil {
		return nil, object.Unread(err)
	}
	size := int64(sizeOf(response))
	if size < headerSize || size > int64(limit) {
		return nil, fmt.Errorf("a response of %d bytes", size)
	}
	response = append(response, make([]byte, size-headerSize)...)
	if _, err := io.ReadFull(e.data, response[headerSize:]); err != nil {
		return nil, object.Unread(err)
	}
	return response, nil
}

func (e *emulator) version() Version { return e.family }
func (e *emulator) bufferSize() int  { return e.size }

// emulatorOptions are TPMEmulatorOptions of the schema.
type emulatorOptions struct {
	Chardev string `json:"chardev"`
}

func (e *emulator) options() Options { return Options{"emulator", emulatorOptions{e.chardev}} }

func (e *emulator) movable() error {
	if e.can&carried != carried {
		return vmstate.Blocked("Migration disabled: TPM emulator does not support migration")
	}
	return nil
}

// execute sets the locality, if it is another than the last, and exchanges.
func (e *emulator) execute(locality uint8, command []byte) ([]byte, error) {
	e.executing.Store(true)
	defer e.executing.Store(false)
	if e.locality != int(locality) {
		r, err := e.control.do(cmdSetLocality, 4, -1, []byte{locality, 0, 0, 0})
		if err != nil {
			return nil, errors.New("tpm-emulator: could not set locality")
		}
		if result := binary.BigEndian.Uint32(r); result != 0 {
			return nil, fmt.Errorf("tpm-emulator: TPM result for set locality : %#x", result)
		}
		e.locality = int(locality)
	}
	return e.exchange(command, e.size)
}

// abandon implements [driver].
func (e *emulator) abandon() {
	e.control.abandon()
	e.data.SetDeadline(time.Unix(1, 0))
}

func (e *emulator) close() error {
	late := time.AfterFunc(patience, e.abandon)
	defer late.Stop()
	defer e.data.Close()
	return e.shutdown()
}

// shutdown ends swtpm.
func (e *emulator) shutdown() error {
	r, err := e.control.do(cmdShutdown, 4, -1, nil)
	if err != nil {
		return errors.New("tpm-emulator: Could not cleanly shutdown the TPM")
	}
	return result(r, "TPM result for shutdown")
}
