package gdb

import (
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/qomd/qomd/devices/cpu"
)

// registersOf returns the processor whose registers packets are about, nil when
// there is none.
func (s *Server) registersOf(index int64) *cpu.CPU {
	if p := s.processor(index); p != nil {
		return p.Processor()
	}
	return nil
}

// readRegisters returns all registers in a row.
func (s *Server) readRegisters() string {
	p := s.registersOf(s.general)
	if p == nil {
		return refused
	}
	var b strings.Builder
	for _, r := range cpu.Registers {
		b.WriteString(hex.EncodeToString(p.Read(r)))
	}
	return b.String()
}

// writeRegisters writes as many registers as there are values.
func (s *Server) writeRegisters(text string) string {
	p := s.registersOf(s.general)
	values, err := hex.DecodeString(text)
	if p == nil || err != nil {
		return refused
	}
	for _, r := range cpu.Registers {
		if len(values) < r.Bytes {
			break
		}
		if p.Write(r, values[:r.Bytes]) != nil {
			return refused
		}
		values = values[r.Bytes:]
	}
	return okay
}

// findRegister returns the register of a number.
func findRegister(n uint64) (cpu.Reg, bool) {
	if n >= uint64(len(cpu.Registers)) {
		return cpu.Reg{}, false
	}
	return cpu.Registers[n], true
}

func (s *Server) readRegister(text string) string {
	n, ok := number(text)
	if !ok && text != "" {
		return unknown
	}
	r, found := findRegister(n)
	p := s.registersOf(s.general)
	if !ok || !found || p == nil {
		return notThere
	}
	return hex.EncodeToString(p.Read(r))
}

// writeRegister serves "NUMBER=VALUE"; what a value lacks is 0.
func (s *Server) writeRegister(text string) string {
	name, text, given := strings.Cut(text, "=")
	n, ok := number(name)
	value, err := hex.DecodeString(text)
	p := s.registersOf(s.general)
	if !ok || !given || err != nil || p == nil {
		return refused
	}
	r, found := findRegister(n)
	if !found {
		return notThere
	}
	value = append(value, make([]byte, r.Bytes)...)
	if p.Write(r, value[:r.Bytes]) != nil {
		return refused
	}
	return okay
}

// setPC says where the processor that goes on is to do so.
func (s *Server) setPC(address uint64) {
	if p := s.registersOf(s.current); p != nil {
		rip, _ := cpu.FindRegister("rip")
		_ = p.Write(rip, binary.LittleEndian.AppendUint64(nil, address)) // fits
	}
}
