package gdb

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/machine"
)

// Answers that many packets have; the numbers of errors are QEMU's.
const (
	okay     = "OK"
	unknown  = "" // a packet that is not served
	refused  = "E22"
	notThere = "E14"
)

// silent is the answer that is none.
const silent = "\x00"

// handle serves a packet.
func (s *Server) handle(packet string) {
	if packet == "" {
		s.reply(unknown)
		return
	}
	if answer := s.answer(packet[0], packet[1:]); answer != silent {
		s.reply(answer)
	}
}

func (s *Server) answer(kind byte, rest string) string {
	switch kind {
	case '!':
		return okay
	case '?':
		if s.processor(s.current) == nil {
			return refused
		}
		return hexByte("T", sigTrap) + hexByte("core:", int(s.current)+1) + ";"
	case 'c', 's':
		return s.goOnAt(rest)
	case 'C':
		return s.goOn()
	case 'D':
		return s.detach(rest)
	case 'g':
		return s.readRegisters()
	case 'G':
		return s.writeRegisters(rest)
	case 'p':
		return s.readRegister(rest)
	case 'P':
		return s.writeRegister(rest)
	case 'm':
		return s.readMemory(rest)
	case 'M':
		return s.writeMemory(rest)
	case 'H':
		return s.chooseThread(rest)
	case 'T':
		if t, ok := s.parseThread(rest); !ok || !t.exists() {
			return refused
		}
		return okay
	case 'k':
		return s.kill()
	case 'z', 'Z':
		return s.breakpoint(kind == 'Z', rest)
	case 'q', 'Q':
		return s.query(string(kind) + rest)
	case 'v':
		return s.verbose(rest)
	}
	return unknown
}

// kill ends the machine.
func (s *Server) kill() string {
	s.m.Options().Log.Error("QEMU: Terminated via GDBstub")
	s.Exit(0)
	s.m.Quit(machine.GuestShutdown)
	return silent
}

// verbose serves the packets that begin with v.
func (s *Server) verbose(rest string) string {
	name, args, more := strings.Cut(rest, ";")
	switch name {
	case "Cont?":
		return "vCont;c;C;s;S"
	case "Cont":
		if !more {
			return silent
		}
		return s.vCont(args)
	case "Attach":
		if pid, ok := number(args); !ok || pid != process {
			return refused
		}
		s.take()
		return s.answer('?', "")
	case "Kill":
		s.reply(okay)
		return s.kill()
	}
	return unknown
}

// number reads a hexadecimal number.
func number(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 16, 64)
	return n, err == nil
}

func hexByte(before string, n int) string { return fmt.Sprintf("%s%02x", before, n&0xff) }

func hexText(text string) string { return hex.EncodeToString([]byte(text)) }
