package schema_test

import (
	"testing"

	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
)

// policySchema has a part of every kind that can be going away.
const policySchema = `[
	{"name": "old", "meta-type": "command", "arg-type": "0", "ret-type": "0", "features": ["deprecated"]},
	{"name": "do", "meta-type": "command", "arg-type": "a", "ret-type": "r"},
	{"name": "GONE", "meta-type": "event", "arg-type": "0", "features": ["unstable"]},
	{"name": "TOLD", "meta-type": "event", "arg-type": "r"},
	{"name": "0", "meta-type": "object", "members": []},
	{"name": "a", "meta-type": "object", "members": [
		{"name": "dev", "type": "str", "default": null, "features": ["deprecated"]},
		{"name": "how", "type": "e", "default": null}, {"name": "x", "type": "str", "default": null, "features": ["unstable"]}]},
	{"name": "e", "meta-type": "enum", "values": ["new", "old"], "members": [{"name": "new"}, {"name": "old", "features": ["deprecated"]}]},
	{"name": "r", "meta-type": "object", "members": [{"name": "list", "type": "[i]"}, {"name": "old", "type": "str", "features": ["deprecated"]}]},
	{"name": "[i]", "meta-type": "array", "element-type": "i"},
	{"name": "i", "meta-type": "object", "members": [{"name": "y", "type": "str"}, {"name": "z", "type": "str", "features": ["unstable"]}]},
	{"name": "str", "meta-type": "builtin", "json-type": "string"}]`

func TestPolicyRefuses(t *testing.T) {
	s, err := schema.Parse([]byte(policySchema))
	if err != nil {
		t.Fatal(err)
	}
	deprecated, unstable := &schema.Policy{RejectDeprecated: true}, &schema.Policy{RejectUnstable: true}
	for _, c := range []struct {
		policy        *schema.Policy
		command, args string
		want          string
	}{
		{nil, "old", `{}`, ""},
		{unstable, "old", `{}`, ""},
		{deprecated, "old", `{}`, "Deprecated command old disabled by policy"},
		{nil, "do", `{"dev": "d", "x": "1", "how": "old"}`, ""},
		{deprecated, "do", `{"x": "1", "how": "new"}`, ""},
		{deprecated, "do", `{"dev": "d"}`, "Deprecated parameter dev disabled by policy"},
		{deprecated, "do", `{"how": "old"}`, "Deprecated value old disabled by policy"},
		{unstable, "do", `{"dev": "d", "x": "1"}`, "Unstable parameter x disabled by policy"},
		{unstable, "do", `{"x": 1}`, "Unstable parameter x disabled by policy"},
	} {
		v, err := qjson.Parse([]byte(c.args))
		if err != nil {
			t.Fatal(err)
		}
		u := schema.Under{Schema: s, Policy: c.policy}
		err = u.RefuseCommand(c.command)
		if err == nil {
			err = u.CheckArguments(c.command, v.(*qjson.Object))
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: %s %s: %q, want %q", c.policy, c.command, c.args, got, c.want)
		}
	}
}

func TestPolicyHides(t *testing.T) {
	s, err := schema.Parse([]byte(policySchema))
	if err != nil {
		t.Fatal(err)
	}
	const all = `{"list": [{"y": "1", "z": "2"}], "old": "3"}`
	for _, c := range []struct {
		policy *schema.Policy
		want   string
		gone   bool // the event GONE
	}{
		{nil, all, false},
		{&schema.Policy{RejectDeprecated: true}, all, false},
		{&schema.Policy{HideDeprecated: true}, `{"list": [{"y": "1", "z": "2"}]}`, false},
		{&schema.Policy{HideUnstable: true}, `{"list": [{"y": "1"}], "old": "3"}`, true},
	} {
		u := schema.Under{Schema: s, Policy: c.policy}
		reply, err := u.Reply("do", qjson.Raw(all))
		if err != nil {
			t.Fatal(err)
		}
		data, err := u.Event("TOLD", qjson.Raw(all))
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []any{reply, data} {
			if text := string(qjson.Append(nil, got, false)); text != c.want {
				t.Errorf("%+v: %s, want %s", c.policy, text, c.want)
			}
		}
		if u.HidesEvent("GONE") != c.gone || u.HidesEvent("TOLD") {
			t.Errorf("%+v hides the wrong events", c.policy)
		}
	}
}
