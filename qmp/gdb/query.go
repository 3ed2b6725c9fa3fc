package gdb

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// query serves the packets that begin with q and Q.
func (s *Server) query(packet string) string {
	name, args := packet, ""
	if i := strings.IndexAny(packet, ":,="); i >= 0 {
		name, args = packet[:i], packet[i+1:]
	}
	switch name {
	case "q":
		return silent
	case "qSupported":
		if strings.Contains(args, "multiprocess+") {
			s.multiprocess = true
		}
		return fmt.Sprintf("PacketSize=%x;qXfer:features:read+;vContSupported+;multiprocess+", maxPacket)
	case "qAttached":
		return "1"
	case "qC":
		return "QC" + s.threadID(s.first())
	case "qfThreadInfo":
		return s.listThread(s.first())
	case "qsThreadInfo":
		return s.nextThread()
	case "qThreadExtraInfo":
		return s.threadInfo(args)
	case "qRcmd":
		return s.monitorLine(args)
	case "qXfer":
		return s.transfer(args)
	case "qqemu.Supported":
		return "sstepbits;sstep;PhyMemMode"
	case "qqemu.sstepbits":
		return "ENABLE=1,NOIRQ=2,NOTIMER=4"
	case "qqemu.sstep":
		return fmt.Sprintf("0x%x", s.steps)
	case "Qqemu.sstep":
		return s.setSteps(args)
	case "qqemu.PhyMemMode":
		return map[bool]string{false: "0", true: "1"}[s.physical]
	case "Qqemu.PhyMemMode":
		s.physical = args != "" && args != "0"
		return okay
	}
	return unknown
}

// allSteps are all the bits of qqemu.sstepbits.
const allSteps = 7

func (s *Server) setSteps(args string) string {
	if args == "" {
		return fmt.Sprintf("0x%x", s.steps)
	}
	n, ok := number(strings.TrimPrefix(args, "0x"))
	if !ok || n > allSteps {
		return refused
	}
	s.steps = n
	return okay
}

// monitorLine runs a line of the human monitor: "monitor info status" in gdb.
func (s *Server) monitorLine(text string) string {
	line, err := hex.DecodeString(text)
	if err != nil || len(line) == 0 {
		return refused
	}
	said := s.monitor(string(line))
	for len(said) > 0 {
		n := min(len(said), maxPacket/2-1)
		s.reply("O" + hexText(said[:n]))
		said = said[n:]
	}
	return okay
}

// transfer serves "features:read:NAME:OFFSET,LENGTH", which describes the
// registers.
func (s *Server) transfer(args string) string {
	rest, ok := strings.CutPrefix(args, "features:read:")
	name, where, more := strings.Cut(rest, ":")
	offset, length, answer := span(where)
	switch {
	case !ok || !more:
		return unknown
	case answer != okay:
		return unknown
	}
	text, known := description(name)
	if !known || offset >= uint64(len(text)) {
		return "E00"
	}
	text = text[offset:]
	if room := min(length, (maxPacket-5)/2); uint64(len(text)) > room {
		return "m" + escape(text[:room])
	}
	return "l" + escape(text)
}

// escape marks the bytes that have a meaning in packets.
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if strings.IndexByte("#$*}", c) >= 0 {
			b.WriteByte('}')
			c ^= 0x20
		}
		b.WriteByte(c)
	}
	return b.String()
}
