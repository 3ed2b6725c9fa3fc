package tpm

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// results are the results that QEMU has words for, of TPM 1.2 and 2.0.
var results = map[uint32]string{
	0x03: "a parameter is bad", 0x09: "operation failed", 0x0d: "key could not be found", 0x19: "bad parameter size",
	0x20: "encryption error", 0x21: "decryption error", 0x28: "bad key property", 0x2c: "bad (encryption) mode",
	0x2e: "bad version identifier", 0x3d: "bad locality",
	0x101: "operation failed", 0x107: "bad locality", 0x9a: "insufficient amount of data",
}

// result is an error where the first word of a response says so; what is what
// QEMU calls the command.
func result(response []byte, what string) error {
	if v := binary.BigEndian.Uint32(response); v != 0 {
		return fmt.Errorf("tpm-emulator: %s: %#x %s", what, v, results[v])
	}
	return nil
}

// simple runs a command whose response is a result.
func (e *emulator) simple(cmd command, what, failed string, parameters ...byte) error {
	r, err := e.control.do(cmd, 4, -1, parameters)
	if err != nil {
		return errors.New("tpm-emulator: " + failed)
	}
	return result(r, what)
}

func word(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

func (e *emulator) stop() error {
	return e.simple(cmdStop, "TPM result for CMD_STOP", "Could not stop TPM")
}

// setBuffer stops the TPM and sets the size of its buffers, or asks for it where
// size is 0, and returns it.
func (e *emulator) setBuffer(size int) (int, error) {
	if err := e.stop(); err != nil {
		return 0, err
	}
	r, err := e.control.do(cmdSetBufferSize, 16, -1, word(uint32(size)))
	if err != nil {
		return 0, errors.New("tpm-emulator: Could not set buffer size")
	}
	return int(binary.BigEndian.Uint32(r[4:])), result(r, "TPM result for set buffer size ")
}

// deleteVolatile says that the volatile state is of no use once it was read.
const deleteVolatile = 1

func (e *emulator) init(flags uint32) error {
	e.locality = -1
	return e.simple(cmdInit, "TPM result for CMD_INIT", "could not send INIT", word(flags)...)
}

func (e *emulator) start(size int, wait bool) error {
	if _, err := e.setBuffer(size); err != nil || wait {
		return err
	}
	return e.init(0)
}

func (e *emulator) cancel() {
	if e.can&canCancel != 0 && e.executing.Load() {
		e.control.do(cmdCancel, 4, -1, nil)
	}
}

func (e *emulator) established() (bool, error) {
	r, err := e.control.do(cmdGetEstablished, 8, -1, nil) // a result, a byte, and three of padding
	if err != nil {
		return false, errors.New("tpm-emulator: Could not get the TPM established flag")
	}
	return r[4] != 0, nil
}

func (e *emulator) resetEstablished() error {
	return e.simple(cmdResetEstablished, "TPM result for rest established flag", // QEMU's word
		"Could not reset the establishment bit", byte(max(e.locality, 0)), 0, 0, 0)
}

// decrypted asks for blobs that another swtpm can read without a key.
const decrypted = 1

func (e *emulator) save() (s state, err error) {
	for i, b := range s.blobs() {
		typ := uint32(i + 1)
		r, err := e.control.do(cmdGetStateBlob, 16, -1, append(append(word(decrypted), word(typ)...), word(0)...))
		if err != nil {
			return s, fmt.Errorf("tpm-emulator: could not get state blob type %d", typ)
		}
		if v := binary.BigEndian.Uint32(r); v != 0 && v&0x800 == 0 { // the latter says that there is none
			return s, fmt.Errorf("tpm-emulator: Getting the stateblob (type %d) failed with a TPM error %#x %s", typ, v, results[v])
		}
		if all, here := binary.BigEndian.Uint32(r[8:]), binary.BigEndian.Uint32(r[12:]); all != here {
			return s, fmt.Errorf("tpm-emulator: Expecting to read %d bytes but would get %d", all, here)
		}
		*b = blob{Flags: binary.BigEndian.Uint32(r[4:]), Data: r[16:]}
	}
	return s, nil
}

func (e *emulator) load(s state) error {
	if err := e.stop(); err != nil {
		return err
	}
	for i, b := range s.blobs() {
		typ := uint32(i + 1)
		if len(b.Data) == 0 {
			continue
		}
		p := append(append(word(b.Flags), word(typ)...), word(uint32(len(b.Data)))...)
		r, err := e.control.do(cmdSetStateBlob, 4, -1, append(p, b.Data...))
		if err != nil {
			return fmt.Errorf("tpm-emulator: could not set state blob type %d", typ)
		}
		if v := binary.BigEndian.Uint32(r); v != 0 {
			return fmt.Errorf("tpm-emulator: Setting the stateblob (type %d) failed with a TPM error %#x %s", typ, v, results[v])
		}
	}
	return e.init(deleteVolatile)
}

// lockTries is how often swtpm tries to lock its storage, every 10 ms.
const lockTries = 300

func (e *emulator) relock() error {
	if e.can&canLockStorage == 0 {
		return nil
	}
	return e.simple(cmdLockStorage, "TPM result for CMD_LOCK_STORAGE", "Could not lock storage within 3 seconds", word(lockTries)...)
}
