package commands_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/qjson"
)

// The rate is that of what was written while it was measured, in either mode,
// and only of that.
func TestDirtyRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := machine.New(machine.Options{Type: "none", Memory: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		m.Do(func() { err = m.Build() })
		if err != nil {
			t.Fatal(err)
		}
		set := commands.New(m, commands.Schema(m.Options().Catalog), nil)
		ask := func(name, args string) (answer map[string]any) {
			t.Helper()
			var result any
			m.Do(func() {
				v, err := qjson.Parse([]byte(args))
				if err != nil {
					t.Fatal(err)
				}
				if result, err = set.Call(nil, name, v.(*qjson.Object)); err != nil {
					t.Fatal(err)
				}
			})
			text, err := json.Marshal(result)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &answer); err != nil {
				t.Fatal(err)
			}
			return answer
		}
		// fill writes to the first pages of memory.
		fill := func(pages int, with byte) {
			m.Do(func() {
				for n := range pages {
					m.MemorySpace().Write(uint64(n)*4096, []byte{with})
				}
			})
		}
		const all = 64 << 20 / 4096
		for i, c := range []struct {
			args  string
			pages int // written meanwhile
			rate  float64
			seen  float64 // sample-pages of the answer
		}{
			{`{"calc-time": 1}`, 0, 0, 512},
			{`{"calc-time": 2}`, all, 32, 512},
			{`{"calc-time": 500, "calc-time-unit": "millisecond", "sample-pages": 1024}`, all, 128, 1024},
			{`{"calc-time": 1, "mode": "dirty-bitmap"}`, 0, 0, 0},
			{`{"calc-time": 1, "mode": "dirty-bitmap"}`, 2560, 10, 0},
		} {
			fill(all, byte(2*i+1))
			ask("calc-dirty-rate", c.args)
			if got := ask("query-dirty-rate", "{}"); got["status"] != "measuring" || got["dirty-rate"] != nil {
				t.Errorf("%s: at once %v", c.args, got)
			}
			fill(c.pages, byte(2*i+2))
			time.Sleep(2 * time.Second)
			synctest.Wait()
			fill(all, 0)
			got := ask("query-dirty-rate", "{}")
			if got["status"] != "measured" || got["dirty-rate"] != c.rate || got["sample-pages"] != c.seen {
				t.Errorf("%s, %d pages: %v", c.args, c.pages, got)
			}
		}
		ask("calc-dirty-rate", `{"calc-time": 1}`) // is stopped with the machine
	})
}
