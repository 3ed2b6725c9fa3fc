package hmp

import "slices"

// maxHistory is how many lines a monitor remembers.
const maxHistory = 64

// history is the lines that were typed, the last one at the end, each once.
type history struct {
	lines []string
	at    int // the line shown by up and down; len(lines): none
}

// add remembers a line as the newest.
func (h *history) add(line string) {
	if line != "" {
		if i := slices.Index(h.lines, line); i >= 0 {
			h.lines = slices.Delete(h.lines, i, i+1)
		} else if len(h.lines) == maxHistory {
			h.lines = slices.Delete(h.lines, 0, 1)
		}
		h.lines = append(h.lines, line)
	}
	h.at = len(h.lines)
}

// up goes to the line before; false at the oldest.
func (h *history) up() (string, bool) {
	if h.at == 0 {
		return "", false
	}
	h.at--
	return h.lines[h.at], true
}

// down goes to the line after, which is empty after the newest; false there.
func (h *history) down() (string, bool) {
	if h.at == len(h.lines) {
		return "", false
	}
	h.at++
	if h.at == len(h.lines) {
		return "", true
	}
	return h.lines[h.at], true
}
