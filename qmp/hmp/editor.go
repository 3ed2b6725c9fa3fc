package hmp

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// prompt stands in front of the line being typed.
const prompt = "(qemu) "

// maxLine is how many bytes a line may have; more are ignored.
const maxLine = 4095

// editor is QEMU's line editor for terminals: it takes bytes and answers with
// what the terminal is to show. A line that changed is always written anew from
// its start.
type editor struct {
	out     bytes.Buffer // for the terminal
	history history

	line   []byte
	cursor int // in line

	shown       []byte // what the terminal shows of line
	shownCursor int

	keys keyState

	// complete answers the candidates for the word that text ends with, and
	// how much of them has been typed.
	complete func(text string) (candidates []string, typed int)
}

// print shows text, whose lines end in "\n".
func (e *editor) print(text string) { e.out.WriteString(crlf(text)) }

// start shows the prompt for a new line.
func (e *editor) start() {
	e.line, e.cursor = e.line[:0], 0
	e.showPrompt()
}

func (e *editor) showPrompt() {
	e.print(prompt)
	e.shown, e.shownCursor = e.shown[:0], 0
}

// input takes one byte. It answers the line when that byte ends it.
func (e *editor) input(b byte) (line string, done bool) {
	k := e.keys.next(b)
	if k == keyEnter {
		line = string(e.line)
		e.history.add(line)
		e.print("\n")
		e.line, e.cursor = e.line[:0], 0
		e.shown, e.shownCursor = e.shown[:0], 0
		return line, true
	}
	e.press(k, b)
	e.update()
	return "", false
}

// press acts on a key; b is the byte of keyInsert.
func (e *editor) press(k key, b byte) {
	switch k {
	case keyInsert:
		e.insert(string([]byte{b}))
	case keyHome:
		e.cursor = 0
	case keyEnd:
		e.cursor = len(e.line)
	case keyLeft:
		e.cursor = max(e.cursor-1, 0)
	case keyRight:
		e.cursor = min(e.cursor+1, len(e.line))
	case keyDelete:
		e.remove(e.cursor, min(e.cursor+1, len(e.line)))
	case keyBackspace:
		e.remove(max(e.cursor-1, 0), e.cursor)
	case keyEraseWord:
		e.remove(e.wordStart(), e.cursor)
	case keyEraseStart:
		e.remove(0, e.cursor)
	case keyUp:
		e.recall(e.history.up())
	case keyDown:
		e.recall(e.history.down())
	case keyClear:
		e.out.WriteString("\x1b[2J\x1b[1;1H")
		e.showPrompt()
	case keyTab:
		e.completeWord()
	}
}

func (e *editor) insert(text string) {
	if len(e.line)+len(text) > maxLine {
		return
	}
	e.line = slices.Insert(e.line, e.cursor, []byte(text)...)
	e.cursor += len(text)
}

// remove deletes a part of the line and puts the cursor there.
func (e *editor) remove(from, to int) {
	e.line = slices.Delete(e.line, from, to)
	e.cursor = from
}

// wordStart is where the word before the cursor begins.
func (e *editor) wordStart() int {
	i := e.cursor
	for i > 0 && strings.IndexByte(spaces, e.line[i-1]) >= 0 {
		i--
	}
	for i > 0 && strings.IndexByte(spaces, e.line[i-1]) < 0 {
		i--
	}
	return i
}

func (e *editor) recall(line string, ok bool) {
	if ok {
		e.line = append(e.line[:0], line...)
		e.cursor = len(e.line)
	}
}

// update brings the terminal up to date.
func (e *editor) update() {
	if !bytes.Equal(e.line, e.shown) {
		e.move("\x1b[D", e.shownCursor)
		e.out.Write(e.line)
		e.out.WriteString("\x1b[K")
		e.shown = append(e.shown[:0], e.line...)
		e.shownCursor = len(e.line)
	}
	e.move("\x1b[C", e.cursor-e.shownCursor)
	e.move("\x1b[D", e.shownCursor-e.cursor)
	e.shownCursor = e.cursor
}

// move writes an escape sequence n times; never when n is negative.
func (e *editor) move(sequence string, n int) {
	for range max(n, 0) {
		e.out.WriteString(sequence)
	}
}

// completeWord puts in what all candidates have in common. A single one is
// completed with a space, several are listed.
func (e *editor) completeWord() {
	list, typed := e.complete(string(e.line[:e.cursor]))
	switch len(list) {
	case 0:
		return
	case 1:
		e.insert(list[0][typed:])
		if !strings.HasSuffix(list[0], "/") {
			e.insert(" ")
		}
		return
	}
	e.print("\n")
	width, common := 0, list[0]
	for _, c := range list {
		width = max(width, len(c))
		for !strings.HasPrefix(c, common) {
			common = common[:len(common)-1]
		}
	}
	if len(common) > typed {
		e.insert(common[typed:])
	}
	e.columns(list, min(max(width+2, 10), 80))
	e.showPrompt()
}

// columns lists words in columns of a width, as many as 80 characters hold.
func (e *editor) columns(list []string, width int) {
	perLine := 80 / width
	for i, c := range list {
		e.print(fmt.Sprintf("%-*s", width, c))
		if (i+1)%perLine == 0 || i == len(list)-1 {
			e.print("\n")
		}
	}
}
