package hmp

import "github.com/qomd/qomd/devices/machine"

// recordingGoes is the QEMU that said first that recordings of sound will go.
const recordingGoes = "10.2"

// soundRows are the commands that record sound.
func soundRows() []*command {
	return []*command{
		{names: "wavcapture", args: "path:F,audiodev:s,freq:i?,bits:i?,nchannels:i?", params: "path audiodev [frequency [bits [channels]]]",
			help: "record what a sound backend puts out, 44100 Hz, 16 bits and 2 channels if nothing else is said",
			goes: recordingGoes, run: recordSound},
		{names: "stopcapture", args: "n:i", params: "capture index", help: "end a recording of sound", goes: recordingGoes,
			run: func(r *run) error { r.h.m.StopRecording(int(r.args.number("n"))); return nil }},
	}
}

func recordSound(r *run) error {
	w := machine.Wave{Path: r.args.text("path"), Frequency: 44100, Bits: 16, Channels: 2}
	for name, to := range map[string]*int32{"freq": &w.Frequency, "bits": &w.Bits, "nchannels": &w.Channels} {
		if r.has(name) {
			*to = int32(r.args.number(name))
		}
	}
	if err := r.h.m.RecordSound(w, r.args.text("audiodev")); err != nil {
		r.printf("%s\n", err)
	}
	return nil
}

// soundTopics is the topic of "info" on recordings of sound.
func soundTopics() []*command {
	return []*command{{names: "capture", help: "recordings of sound", goes: recordingGoes,
		run: func(r *run) error {
			for i, w := range r.h.m.Recordings() {
				r.printf("[%d]: Capturing audio(%d,%d,%d) to %s: 0 bytes\n", i, w.Frequency, w.Bits, w.Channels, w.Path)
			}
			return nil
		}}}
}
