package chain_test

import (
	"slices"
	"testing"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/userpool"
)

// TestToldWithoutTheBrowser: those who can be told by us are told before the browser
// sets out, and it goes past them; who did not confirm is named in the end.
func TestToldWithoutTheBrowser(t *testing.T) {
	r := open(t)
	r.apps.direct["soap"], r.apps.direct["silent"], r.apps.direct["gone"] = chain.Confirmed, chain.Refused, chain.Confirmed
	r.apps.broken["gone"] = true
	v := r.visitor()
	v.signIn("alice", "gone", "one", "silent", "soap")
	p := v.follow("/start")
	slices.Sort(r.apps.told)
	if !slices.Equal(r.apps.told, []string{"gone", "silent", "soap"}) || r.sessions("alice") != 0 {
		t.Errorf("told %q, %d sessions", r.apps.told, r.sessions("alice"))
	}
	v.wantStates(p, "The gone refused", "[The one ]", "The silent refused", "The soap confirmed")
	p = v.follow("/answer?ok&ticket=" + v.visit(p, "one"))
	if p.Left == nil || !slices.Equal(p.Left.Missed, []string{"The gone", "The silent"}) {
		t.Errorf("%+v", p.shown)
	}
}

// TestOnlyToldWithoutTheBrowser: then the browser goes to no app at all.
func TestOnlyToldWithoutTheBrowser(t *testing.T) {
	r := open(t)
	r.apps.direct["soap"] = chain.Confirmed
	v := r.visitor()
	v.signIn("alice", "soap")
	if p := v.follow("/start"); p.location != signedOut {
		t.Errorf("%d %s %s", p.status, p.location, p.body)
	}
	r.apps.direct["soap"] = chain.Refused
	v.signIn("alice", "soap")
	r.start = func() *chain.Start { return &chain.Start{Goal: chain.Goal{Kind: "test", Data: []byte("x")}} }
	v.follow("/start")
	if !slices.Equal(r.apps.answered, []string{"x partial=true"}) {
		t.Errorf("answered %q", r.apps.answered)
	}
}

// TestTellAlone: without a browser those who need one make it partial.
func TestTellAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		apps    []string
		from    bool
		partial bool
	}{
		"nobody":              {},
		"all by us":           {apps: []string{"soap", "both"}},
		"one by a browser":    {apps: []string{"soap", "one"}, partial: true},
		"one not at all":      {apps: []string{"soap", "mute"}, partial: true},
		"one does not":        {apps: []string{"silent"}, partial: true},
		"a provider":          {from: true},
		"a provider, and not": {apps: []string{"silent"}, from: true, partial: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			r.apps.direct["soap"], r.apps.direct["both"], r.apps.direct["silent"], r.apps.direct["Corp"] = chain.Confirmed, chain.Confirmed, chain.Refused, chain.Confirmed
			r.apps.alone["both"] = true
			r.must(r.users.CreateProvider(t.Context(), &userpool.Provider{Pool: pool, Name: "Corp", Type: userpool.ProviderSAML, Details: map[string]string{"IDPSignout": "true"}}))
			var told []*idp.Participant
			for _, a := range tt.apps {
				told = append(told, &idp.Participant{Kind: idp.SAMLApp, Client: userpool.ClientID(a)})
			}
			from := []*idp.Upstream{nil}
			if tt.from {
				from = append(from, &idp.Upstream{Provider: "Corp", Session: []byte("their session")})
			}
			partial, err := r.h.TellAlone(t.Context(), pool, told, from)
			if err != nil || partial != tt.partial || tt.from && !slices.Contains(r.apps.told, "Corp") {
				t.Errorf("partial %v, %v, told %q", partial, err, r.apps.told)
			}
		})
	}
}
