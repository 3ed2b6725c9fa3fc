package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/client"
)

// withRegisters starts a machine and connects to its registers.
func withRegisters(t *testing.T, args ...string) (*program, *client.Client, *registers) {
	t.Helper()
	qtest := filepath.Join(t.TempDir(), "qtest")
	p, c := monitor(t, "qmp", append(args, "-accel", "qtest", "-display", "none", "-qtest", "unix:"+qtest+",server=on,wait=off")...)
	conn, err := p.dial("unix:" + qtest)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return p, c, &registers{t, conn, bufio.NewReader(conn)}
}

// item reads n bytes of an item of fw_cfg through its ports.
func (r *registers) item(key, n int) []byte {
	r.t.Helper()
	r.say("outw 0x510 %#x", key)
	p := make([]byte, n)
	for i := range p {
		fmt.Sscanf(r.say("inb 0x511"), "0x%x", &p[i])
	}
	return p
}

type firmwareFile struct{ Size, Key int }

// files reads the directory of fw_cfg.
func (r *registers) files() map[string]firmwareFile {
	r.t.Helper()
	files := map[string]firmwareFile{}
	n := int(binary.BigEndian.Uint32(r.item(0x19, 4)))
	for list := r.item(0x19, 4+64*n)[4:]; len(list) > 0; list = list[64:] {
		name := strings.TrimRight(string(list[8:64]), "\x00")
		files[name] = firmwareFile{int(binary.BigEndian.Uint32(list)), int(binary.BigEndian.Uint16(list[4:]))}
	}
	return files
}

// fwCommand has fw_cfg carry out a command by DMA and returns what it says then.
func (r *registers) fwCommand(control uint32, length int, data uint64) string {
	r.t.Helper()
	const at = 0x10000
	cmd := binary.BigEndian.AppendUint32(nil, control)
	cmd = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(cmd, uint32(length)), data)
	r.say("write %#x 16 0x%x", at, cmd)
	var p [4]byte
	binary.BigEndian.PutUint32(p[:], at)
	r.say("outl 0x514 0")
	r.say("outl 0x518 %#x", binary.LittleEndian.Uint32(p[:]))
	return r.say("read %#x 4", at)
}

// What -fw_cfg, -smbios and -acpitable say is behind the ports, as QEMU 11.1.3 has
// it there.
func TestFirmwareConfiguration(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(data, []byte("payload"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, c, r := withRegisters(t, "-machine", "q35", "-nodefaults", "-smp", "2", "-fw_cfg", "opt/b,string=bar", "-fw_cfg", "name=opt/a,file="+data,
		"-smbios", "type=1,serial=4711", "-acpitable", "sig=TEST,data="+data, "-boot", "reboot-timeout=5", "-uuid", "00112233-4455-6677-8899-aabbccddeeff")
	for key, want := range map[int]string{
		0x00: "QEMU\x00", 0x01: "\x03\x00", 0x02: "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 0x05: "\x02\x00",
		0x8000: "\x01\x00\x2b\x00TEST\x2b\x00\x00\x00\x01\x32QEMUQEQEMUQEMU\x01\x00\x00\x00QEMU\x01\x00\x00\x00payload\x00",
		0x7777: "\x00",
	} {
		if got := string(r.item(key, len(want))); got != want {
			t.Errorf("item %#x is %q, want %q", key, got, want)
		}
	}
	files := r.files()
	for name, want := range map[string]string{"opt/a": "payload", "opt/b": "bar", "etc/boot-fail-wait": "\x05\x00\x00\x00"} {
		if f := files[name]; f.Size != len(want) || string(r.item(f.Key, f.Size)) != want {
			t.Errorf("file %s is %+v, want %q", name, f, want)
		}
	}
	tables := files["etc/smbios/smbios-tables"]
	if text := string(r.item(tables.Key, tables.Size)); !strings.Contains(text, "pc-q35-11.1\x004711\x00\x00") {
		t.Errorf("SMBIOS tables: %q", text)
	}
	if files["etc/acpi/tables"].Key != 0 {
		t.Error("there are ACPI tables now: tell so in OPTIONS.md")
	}

	// By DMA, the signature first.
	const to, selects, skips, reads, writes, failed = 0x20000, 8, 4, 2, 0x10, "0x00000001"
	if got := r.say("inl 0x514") + r.say("inl 0x518"); got != "0x554d45510x47464320" { // "QEMU CFG"
		t.Errorf("signature %s", got)
	}
	key := func(name string) uint32 { return uint32(files[name].Key) << 16 }
	if got := r.fwCommand(key("opt/a")|selects|skips, 3, 0); got != "0x00000000" {
		t.Errorf("skipping: %s", got)
	}
	if got := r.fwCommand(reads, 6, to); got != "0x00000000" {
		t.Errorf("reading: %s", got)
	}
	if got := r.say("read %#x 6", to); got != "0x"+hex.EncodeToString([]byte("load\x00\x00")) {
		t.Errorf("read %s", got)
	}
	if got := r.fwCommand(key("opt/a")|selects|writes, 1, to); got != failed {
		t.Errorf("writing to opt/a: %s", got)
	}
	const requested, agreed = "etc/smi/requested-features", "etc/smi/features-ok"
	r.say("write %#x 8 0x0000000000000080", to) // no such feature
	if got := r.fwCommand(key(requested)|selects|writes, 8, to); got != "0x00000000" {
		t.Errorf("writing: %s", got)
	}
	if got := r.item(files[agreed].Key, 1); got[0] != 0 {
		t.Error("an unknown feature is agreed to")
	}
	ask[dict](t, c, "system_reset", nil)
	if diff := cmp.Diff([]byte{1}, r.item(files[agreed].Key, 1)); diff != "" {
		t.Errorf("after a reset (-want +have):\n%s", diff)
	}
}
