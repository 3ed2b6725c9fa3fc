package transcript

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// DefaultMain is the address of the connection a transcript is about, unless its
// header says otherwise.
const DefaultMain = "unix:{dir}/qmp.sock"

// Header is the first line of a transcript.
type Header struct {
	Name  string           `json:"name"`
	Topic string           `json:"topic"`
	About string           `json:"about"`
	Args  []string         `json:"args"`  // command line of the server
	Files map[string]int64 `json:"files"` // zero-filled files to make in {dir}: sizes
	QTest bool             `json:"qtest"` // also talks to unix:{dir}/qtest.sock

	// Main is the address of the connection opened at the start, "" for none.
	Main string `json:"-"`
}

// Step is one line after the header.
type Step struct {
	Line int    `json:"-"` // in the file
	Conn string `json:"conn"`

	Send       *string `json:"send"`
	SendBase64 *string `json:"send_b64"`
	SendRepeat *string `json:"send_repeat"`
	Times      int     `json:"times"`

	Recv        json.RawMessage `json:"recv"`
	RecvText    *string         `json:"recv_text"`
	RecvStreams [][]Step        `json:"recv_streams"`
	Raw         string          `json:"raw"`
	Any         []string        `json:"any"`
	Mask        []string        `json:"mask"`
	Unordered   []string        `json:"unordered"`
	SortLines   bool            `json:"sort_lines"`

	QuietMS *int `json:"quiet_ms"`
	WaitMS  *int `json:"wait_ms"`

	EOF       bool    `json:"eof"`
	Open      *string `json:"open"`
	To        string  `json:"to"`
	Refused   bool    `json:"refused"`
	Close     *string `json:"close"`
	HalfClose *string `json:"half_close"`

	QTestSend *string `json:"qtest_send"`
	QTestRecv *string `json:"qtest_recv"`
	Signal    *string `json:"signal"`
	Exit      *int    `json:"exit"`
}

// Transcript is a recorded session.
type Transcript struct {
	File string
	Header
	Steps []Step
}

// Load reads a transcript.
func Load(path string) (*Transcript, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t := &Transcript{File: path}
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, len(data)+1)
	for line := 1; scanner.Scan(); line++ {
		text := bytes.Clone(scanner.Bytes())
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if t.Name == "" {
			err = t.readHeader(text)
		} else {
			step := Step{Line: line}
			err = json.Unmarshal(text, &step)
			t.Steps = append(t.Steps, step)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
	}
	return t, scanner.Err()
}

func (t *Transcript) readHeader(text []byte) error {
	if err := json.Unmarshal(text, &t.Header); err != nil {
		return err
	}
	if t.Name == "" {
		return fmt.Errorf("the first line is not a header")
	}
	// Absent means the usual address, null means none.
	var special struct {
		Main json.RawMessage `json:"main"`
	}
	if err := json.Unmarshal(text, &special); err != nil {
		return err
	}
	switch {
	case special.Main == nil:
		t.Main = DefaultMain
	case string(special.Main) != "null":
		return json.Unmarshal(special.Main, &t.Main)
	}
	return nil
}

// LoadDir reads all transcripts (*.jsonl) of a folder, sorted by name. With topics
// it returns only those of one of them.
func LoadDir(dir string, topics ...string) ([]*Transcript, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	sort.Strings(files)
	var list []*Transcript
	for _, f := range files {
		t, err := Load(f)
		if err != nil {
			return nil, err
		}
		keep := len(topics) == 0
		for _, topic := range topics {
			keep = keep || topic == t.Topic
		}
		if keep {
			list = append(list, t)
		}
	}
	return list, nil
}
