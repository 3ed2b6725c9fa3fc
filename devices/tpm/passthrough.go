package tpm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/qomd/qomd/devices/object"
)

// defaultDevice is the TPM of the host that is meant where none is named.
const defaultDevice = "/dev/tpm0"

// passthrough is the driver of a TPM of the host. Whoever else uses that TPM
// decides about its state: it does not begin anew at a reset, and nothing of it is
// carried to another host.
type passthrough struct {
	opts      passthroughOptions
	device    *os.File
	stop      *os.File // what is written to it cancels a command
	family    Version
	size      int
	executing atomic.Bool
}

// passthroughOptions are TPMPassthroughOptions of the schema.
type passthroughOptions struct {
	Path       string `json:"path,omitempty"`
	CancelPath string `json:"cancel-path,omitempty"`
}

// newPassthrough opens a TPM of the host.
func newPassthrough(o passthroughOptions) (driver, error) {
	path := o.Path
	if path == "" {
		path = defaultDevice
	}
	device, err := openDevice(path)
	if err != nil {
		return nil, fmt.Errorf("Cannot access TPM device using '%s': %s", path, object.Strerror(err))
	}
	p := &passthrough{opts: o, device: device}
	if p.family = probe(p.askSoon); p.family == 0 {
		device.Close()
		return nil, fmt.Errorf("'%s' is not a TPM device.", path)
	}
	if err := p.openCancel(path); err != nil {
		device.Close()
		return nil, err
	}
	p.size = p.askBufferSize()
	return p, nil
}

// openDevice opens a device such that reads of it can have a deadline where it
// can be polled.
func openDevice(path string) (*os.File, error) {
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CLOEXEC|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	syscall.SetNonblock(fd, true)
	return os.NewFile(uintptr(fd), path), nil
}

// openCancel opens the file by which commands are cancelled; where it is not said,
// it is looked for as Linux has it (Documentation/ABI/stable/sysfs-class-tpm).
func (p *passthrough) openCancel(path string) (err error) {
	if p.opts.CancelPath != "" {
		if p.stop, err = os.OpenFile(p.opts.CancelPath, os.O_WRONLY, 0); err != nil {
			return fmt.Errorf("tpm_passthrough: Could not open TPM cancel path: %s", object.Strerror(err))
		}
		return nil
	}
	if !strings.Contains(path, "/") {
		return fmt.Errorf("tpm_passthrough: Bad TPM device path %s", path)
	}
	for _, class := range []string{"tpm", "misc"} {
		name := "/sys/class/" + class + "/" + filepath.Base(path) + "/device/cancel"
		if p.stop, err = os.OpenFile(name, os.O_WRONLY, 0); err == nil {
			p.opts.CancelPath = name
			return nil
		}
	}
	return errors.New("tpm_passthrough: Could not guess TPM cancel path")
}

// askSoon asks the TPM of itself: it has a second.
func (p *passthrough) askSoon(command []byte) ([]byte, error) {
	p.device.SetDeadline(time.Now().Add(time.Second))
	defer p.device.SetDeadline(time.Time{})
	return p.exchange(command, 1024)
}

// exchange writes a command and reads the response, which comes in one piece.
func (p *passthrough) exchange(command []byte, limit int) ([]byte, error) {
	if _, err := p.device.Write(command); err != nil {
		return nil, fmt.Errorf("tpm_passthrough: error while transmitting data to TPM: %s", object.Strerror(err))
	}
	response := make([]byte, limit)
	n, err := p.device.Read(response)
	switch {
	case err != nil:
		return nil, fmt.Errorf("tpm_passthrough: error while reading data from TPM: %s", object.Strerror(err))
	case n < headerSize || int(sizeOf(response)) != n:
		return nil, errors.New("tpm_passthrough: received invalid response packet from TPM")
	}
	return response[:n], nil
}

// What is asked for how long commands may be (TPM Main part 2, TPM_CAP_PROP_INPUT_BUFFER;
// TPM 2.0 Library part 2, TPM_PT_MAX_COMMAND_SIZE and the next).
const (
	capProperty12 = 0x05
	inputBuffer12 = 0x124
	capProperties = 0x06
	maxCommand    = 0x11e
	usualSize     = 4096 // of a TPM that does not say
)

func (p *passthrough) askBufferSize() int {
	if p.family == Version12 {
		r, err := p.askSoon(message(tagRequest12, codeGetCapability12, capProperty12, 4, inputBuffer12))
		if err != nil || len(r) != headerSize+8 {
			return usualSize
		}
		return int(binary.BigEndian.Uint32(r[14:]))
	}
	r, err := p.askSoon(message(tagNoSessions, codeGetCapability, capProperties, maxCommand, 2))
	if err != nil || len(r) != headerSize+25 {
		return usualSize
	}
	return int(max(binary.BigEndian.Uint32(r[23:]), binary.BigEndian.Uint32(r[31:])))
}

func (p *passthrough) version() Version { return p.family }
func (p *passthrough) bufferSize() int  { return p.size }
func (p *passthrough) options() Options { return Options{"passthrough", p.opts} }

// movable implements [driver]: as with QEMU nothing says that it is not, and
// nothing of it is carried.
func (p *passthrough) movable() error           { return nil }
func (p *passthrough) save() (s state, _ error) { return s, nil }
func (p *passthrough) load(state) error         { return nil }
func (p *passthrough) relock() error            { return nil }

func (p *passthrough) start(size int, _ bool) error {
	if size != 0 && size < p.size {
		return fmt.Errorf("Requested buffer size of %d is smaller than host TPM's fixed buffer size of %d", size, p.size)
	}
	return nil
}

func (p *passthrough) execute(_ uint8, command []byte) ([]byte, error) {
	p.executing.Store(true)
	defer p.executing.Store(false)
	return p.exchange(command, p.size)
}

func (p *passthrough) cancel() {
	if p.executing.Load() {
		p.stop.WriteString("-")
	}
}

// The flag is the host's.
func (p *passthrough) established() (bool, error) { return false, nil }
func (p *passthrough) resetEstablished() error    { return nil }

func (p *passthrough) abandon() { p.device.SetDeadline(time.Unix(1, 0)) }

func (p *passthrough) close() error {
	p.device.Close()
	return p.stop.Close()
}
