package tpm

import "encoding/binary"

// Commands and responses begin with a tag of two bytes, their size and a command
// code or result of four each, big-endian (TPM 2.0 Library, part 1, section 18).
const headerSize = 10

const (
	tagRequest12  = 0x00c1 // of TPM 1.2: a command without sessions
	tagResponse12 = 0x00c4
	tagNoSessions = 0x8001 // of TPM 2.0, command or response

	codeReadClock        = 0x181 // TPM 2.0
	codeGetCapability    = 0x17a
	codeGetCapability12  = 0x65 // TPM 1.2
	codeGetTicks         = 0xf1
	codeContinueSelfTest = 0x53

	resultFail = 9 // TPM 1.2's TPM_FAIL
)

// Version is the family of a TPM.
type Version uint8

// The families.
const (
	Version12 Version = iota + 1
	Version20
)

// message makes a command or response of a tag, a code and what follows.
func message(tag uint16, code uint32, parameters ...uint32) []byte {
	p := binary.BigEndian.AppendUint16(nil, tag)
	p = binary.BigEndian.AppendUint32(p, uint32(headerSize+4*len(parameters)))
	p = binary.BigEndian.AppendUint32(p, code)
	for _, v := range parameters {
		p = binary.BigEndian.AppendUint32(p, v)
	}
	return p
}

// sizeOf is what the header says of the size; p has at least its six first bytes.
func sizeOf(p []byte) uint32 { return binary.BigEndian.Uint32(p[2:]) }

// tagOf and codeOf are the other members of the header, 0 where it is not whole.
func tagOf(p []byte) uint16 {
	if len(p) < headerSize {
		return 0
	}
	return binary.BigEndian.Uint16(p)
}

func codeOf(p []byte) uint32 {
	if len(p) < headerSize {
		return 0
	}
	return binary.BigEndian.Uint32(p[6:])
}

// failure is the response to a command that did not reach a TPM.
func failure() []byte { return message(tagResponse12, resultFail) }

// probe finds out what family a TPM is of, as QEMU does: a TPM 2.0 answers a
// command of its own with its own tag, a TPM 1.2 answers one with that of TPM 1.2.
// 0: it is none.
func probe(ask func(command []byte) ([]byte, error)) Version {
	if r, err := ask(message(tagNoSessions, codeReadClock)); err == nil && tagOf(r) == tagNoSessions {
		return Version20
	}
	if r, err := ask(message(tagRequest12, codeGetTicks)); err == nil && tagOf(r) == tagResponse12 {
		return Version12
	}
	return 0
}
