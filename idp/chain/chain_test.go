package chain_test

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/idp"
	"github.com/poolhouse/poolhouse/idp/chain"
	"github.com/poolhouse/poolhouse/userpool"
)

const signedOut = "/" + string(pool) + "/signedout"

// TestChain: the browser goes to every app in turn, once, and then to the goal; our
// session has ended before.
func TestChain(t *testing.T) {
	r := open(t)
	v := r.visitor()
	v.signIn("alice", "one", "two")
	r.start = func() *chain.Start {
		return &chain.Start{Client: &userpool.Client{ID: "framed"}, Goal: chain.Goal{Address: "https://app.example/bye"}}
	}
	p := v.follow("/start")
	if r.sessions("alice") != 0 {
		t.Error("still signed in")
	}
	v.wantStates(p, "[The one ]", "The two ")
	if p.Client != "Framed" || p.Leaving.Late {
		t.Errorf("%+v", p.shown)
	}
	p = v.follow("/answer?ok&ticket=" + v.visit(p, "one"))
	v.wantStates(p, "The one confirmed", "[The two ]")
	p = v.follow("/answer?ok&ticket=" + v.visit(p, "two"))
	if p.status != http.StatusFound || p.location != "https://app.example/bye" {
		t.Errorf("%d %s %s", p.status, p.location, p.body)
	}
	if p := v.get("/" + string(pool) + "/signout"); p.status != http.StatusBadRequest {
		t.Errorf("the chain goes on: %d %s", p.status, p.location)
	}
	if list, err := r.db.IDP().Participants(t.Context(), pool, "alice", ""); err != nil || len(list) > 0 {
		t.Errorf("participants left: %v, %v", list, err)
	}
}

func TestNobodyToTell(t *testing.T) {
	for name, tt := range map[string]struct {
		user string
		goal chain.Goal
		want string
	}{
		"nobody signed in, our page": {"", chain.Goal{}, signedOut},
		"no apps, our page":          {"alice", chain.Goal{}, signedOut},
		"no apps, elsewhere":         {"alice", chain.Goal{Address: "https://app.example/"}, "https://app.example/"},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			v := r.visitor()
			if tt.user != "" {
				v.signIn(tt.user)
			}
			r.start = func() *chain.Start { return &chain.Start{Goal: tt.goal} }
			if p := v.get("/start"); p.location != tt.want || r.sessions("alice") != 0 {
				t.Errorf("%d %s", p.status, p.location)
			}
		})
	}
}

// TestLanguage: the pages of a sign-out stay in the language that it began in, which no
// app brings back, unless somebody chooses another; nothing else of the query stays.
func TestLanguage(t *testing.T) {
	for _, tt := range []struct{ query, language, end string }{
		{"?client_id=x&lang=de&ui_locales=fr", "de", "?lang=de&ui_locales=fr"},
		{"?lang=" + strings.Repeat("x", 300), "", ""},
		{"?lang=" + url.QueryEscape("de&go=x\r\n"), "de&go=x\r\n", "?lang=de%26go%3Dx%0D%0A"},
		{"", "", ""},
	} {
		r := open(t)
		v := r.visitor()
		v.signIn("alice", "one")
		p := v.follow("/start" + tt.query)
		if p.Language != tt.language {
			t.Errorf("%s: the page between apps is in %q", tt.query, p.Language)
		}
		if other := v.get("/" + string(pool) + "/signout?lang=ar"); other.Language != "ar" {
			t.Errorf("%s: chosen anew, the page is in %q", tt.query, other.Language)
		}
		back := v.get(v.get("/answer?ok&ticket=" + v.visit(p, "one")).location) // the answer is noted
		if end := v.get(back.location); end.location != signedOut+tt.end {
			t.Errorf("%s: the end is %s", tt.query, end.location)
		}
		if at := v.get("/start" + tt.query); at.location != signedOut+tt.end {
			t.Errorf("%s: at once it is %s", tt.query, at.location)
		}
	}
}

// TestAnswerer: who asked is answered once, truly, and is not asked itself.
func TestAnswerer(t *testing.T) {
	for name, tt := range map[string]struct {
		apps []string
		walk func(v *visitor, p *page) *page
		want string
	}{
		"alone":     {[]string{"asker"}, func(_ *visitor, p *page) *page { return p }, "data partial=false"},
		"and mute":  {[]string{"asker", "mute"}, func(_ *visitor, p *page) *page { return p }, "data partial=true"},
		"confirmed": {[]string{"asker", "one"}, func(v *visitor, p *page) *page { return v.follow("/answer?ok&ticket=" + v.visit(p, "one")) }, "data partial=false"},
		"refused":   {[]string{"asker", "one"}, func(v *visitor, p *page) *page { return v.follow("/answer?ticket=" + v.visit(p, "one")) }, "data partial=true"},
		"skipped":   {[]string{"asker", "one"}, func(v *visitor, p *page) *page { return v.follow(p.Leaving.Skip) }, "data partial=true"},
		"broken":    {[]string{"asker", "broken"}, func(v *visitor, p *page) *page { return v.follow(p.Leaving.Go) }, "data partial=true"},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			r.apps.broken["broken"] = true
			v := r.visitor()
			v.signIn("alice", tt.apps...)
			r.start = func() *chain.Start {
				return &chain.Start{Goal: chain.Goal{Kind: "test", Data: []byte("data")}, Kind: chain.App, ID: "asker"}
			}
			p := tt.walk(v, v.follow("/start"))
			if !slices.Equal(r.apps.answered, []string{tt.want}) || !strings.Contains(p.body, `action="https://asker.example/"`) || !strings.Contains(p.body, `name="Answer" value="data"`) {
				t.Errorf("answered %q: %d %s", r.apps.answered, p.status, p.body)
			}
			v.follow("/" + string(pool) + "/signout")
			if len(r.apps.answered) != 1 {
				t.Errorf("answered %d times", len(r.apps.answered))
			}
		})
	}
}

// TestHonestEnd: people read who did not confirm, before they go on.
func TestHonestEnd(t *testing.T) {
	elsewhere := chain.Goal{Address: "https://app.example/bye"}
	for name, tt := range map[string]struct {
		apps []string
		goal chain.Goal
		want *chain.Left // nil goes on at once
	}{
		"skipped, our page":  {[]string{"one"}, chain.Goal{}, &chain.Left{Missed: []string{"The one"}}},
		"skipped, elsewhere": {[]string{"one", "mute"}, elsewhere, &chain.Left{Missed: []string{"The one"}, Mute: []string{"mute"}, Next: elsewhere.Address}},
		"mute, our page":     {[]string{"mute"}, chain.Goal{}, &chain.Left{Mute: []string{"mute"}}},
		"mute, elsewhere":    {[]string{"mute"}, elsewhere, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			v := r.visitor()
			v.signIn("alice", tt.apps...)
			r.start = func() *chain.Start { return &chain.Start{Goal: tt.goal} }
			p := v.follow("/start")
			if p.Leaving != nil {
				p = v.follow(p.Leaving.Skip)
			}
			if tt.want == nil {
				if p.location != tt.goal.Address {
					t.Errorf("%d %s %s", p.status, p.location, p.body)
				}
				return
			}
			if !reflect.DeepEqual(p.Left, tt.want) {
				t.Errorf("%+v, want %+v: %d %s", p.Left, tt.want, p.status, p.location)
			}
			if again := v.get("/" + string(pool) + "/signout"); !reflect.DeepEqual(again.Left, tt.want) {
				t.Errorf("the page is gone when it is loaded again: %d", again.status)
			}
		})
	}
}

// TestFrames: OpenID clients are told by frames before the apps are told in turn.
func TestFrames(t *testing.T) {
	for name, tt := range map[string]struct {
		apps []string
		goal chain.Goal
		next string
	}{
		"apps after":      {[]string{"one"}, chain.Goal{}, "/" + string(pool) + "/signout"},
		"an answer after": {nil, chain.Goal{Kind: "test"}, "/" + string(pool) + "/signout"},
		"nothing after":   {nil, chain.Goal{Address: "https://app.example/bye"}, "https://app.example/bye"},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			v := r.visitor()
			sess := v.signIn("alice", tt.apps...)
			c, err := r.users.Client(t.Context(), "framed")
			r.must(err)
			r.must(r.h.Clients.Join(t.Context(), c, sess))
			r.start = func() *chain.Start { return &chain.Start{Goal: tt.goal} }
			p := v.get("/start")
			if p.Kind != "frames" || len(p.Frames) != 1 || p.Next != tt.next || r.sessions("alice") != 0 {
				t.Fatalf("%d %s", p.status, p.body)
			}
			if p = v.follow("/" + string(pool) + "/signout"); tt.apps == nil && tt.goal.Kind != "" && len(r.apps.answered) != 1 || tt.apps != nil && p.Leaving == nil {
				t.Errorf("%d %s", p.status, p.body)
			}
		})
	}
}

// TestUpstreamIsLast: the provider that the user came from is signed out of after the
// apps, unless it asked, or has no sign-out.
func TestUpstreamIsLast(t *testing.T) {
	for name, tt := range map[string]struct {
		details map[string]string
		session string
		start   chain.Start
		want    []string
	}{
		"after apps":          {map[string]string{"IDPSignout": "true"}, "their session", chain.Start{}, []string{"[The one ]", "acme "}},
		"it asked":            {map[string]string{"IDPSignout": "true"}, "their session", chain.Start{Kind: chain.Upstream, ID: "acme"}, []string{"[The one ]"}},
		"not wanted":          {map[string]string{}, "their session", chain.Start{}, []string{"[The one ]"}},
		"nothing known of it": {map[string]string{"IDPSignout": "true"}, "", chain.Start{}, []string{"[The one ]"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			r.must(r.users.CreateProvider(t.Context(), &userpool.Provider{Pool: pool, Name: "acme", Type: userpool.ProviderSAML, Details: tt.details, Created: r.clock.Now(), Modified: r.clock.Now()}))
			r.apps.upstream = &idp.Upstream{Provider: "acme", Session: []byte(tt.session)}
			v := r.visitor()
			v.signIn("alice", "one")
			r.start = func() *chain.Start { s := tt.start; return &s }
			p := v.follow("/start")
			v.wantStates(p, tt.want...)
			p = v.follow("/answer?ok&ticket=" + v.visit(p, "one"))
			if len(tt.want) > 1 {
				p = v.follow("/answer?ok&ticket=" + v.visit(p, "acme"))
			}
			if p.location != signedOut {
				t.Errorf("%d %s %s", p.status, p.location, p.body)
			}
		})
	}
}

// TestOtherBrowsers: sessions elsewhere end as well, and their apps are told.
func TestOtherBrowsers(t *testing.T) {
	r := open(t)
	elsewhere := r.visitor()
	other := elsewhere.signIn("alice", "two")
	r.clock.Add(time.Second)
	v := r.visitor()
	v.signIn("alice", "one")
	bob := r.visitor()
	bob.signIn("bob", "three")
	r.start = func() *chain.Start { return &chain.Start{Others: []*idp.Session{other}} }
	v.wantStates(v.follow("/start"), "[The one ]", "The two ")
	if r.sessions("alice") != 0 || r.sessions("bob") != 1 {
		t.Errorf("%d sessions of alice, %d of bob", r.sessions("alice"), r.sessions("bob"))
	}
}

// TestStays: the browser of somebody who is not meant is led past the apps, and stays
// signed in.
func TestStays(t *testing.T) {
	r := open(t)
	other := r.visitor().signIn("alice", "two")
	v := r.visitor()
	v.signIn("bob", "one")
	r.start = func() *chain.Start { return &chain.Start{Others: []*idp.Session{other}, Stays: true} }
	v.wantStates(v.follow("/start"), "[The two ]")
	if r.sessions("alice") != 0 || r.sessions("bob") != 1 {
		t.Errorf("%d sessions of alice, %d of bob", r.sessions("alice"), r.sessions("bob"))
	}
}

// TestAbsentApp: who comes back without an answer is asked whether to go on, and is
// not sent there again by itself. A late answer counts for what it says.
func TestAbsentApp(t *testing.T) {
	r := open(t)
	v := r.visitor()
	v.signIn("alice", "one", "two")
	first := v.visit(v.follow("/start"), "one")
	p := v.get("/" + string(pool) + "/signout")
	v.wantStates(p, "[The one asked]", "The two ")
	if !p.Leaving.Late {
		t.Error("the page would go to the app once more by itself")
	}
	second := v.visit(p, "one")
	if first == second {
		t.Error("the same ticket for another question")
	}
	p = v.follow(p.Leaving.Skip)
	v.wantStates(p, "The one skipped", "[The two ]")
	p = v.follow("/answer?ok&ticket=" + first) // while the browser is on its way
	v.wantStates(p, "The one confirmed", "[The two ]")
	p = v.follow("/answer?ticket=" + second)
	v.wantStates(p, "The one confirmed", "[The two ]")
}

// TestNotInAnotherBrowser: nothing of a chain can be done, or counts, in a browser
// that it does not belong to, even with everything that its addresses say.
func TestNotInAnotherBrowser(t *testing.T) {
	r := open(t)
	v := r.visitor()
	v.signIn("alice", "one")
	mallory := r.visitor()
	mallory.signIn("bob", "one")
	stranger := r.visitor()
	p := v.follow("/start")
	ticket := v.visit(p, "one")
	mallory.follow("/start") // has a chain of its own
	for who, b := range map[string]*visitor{"with a chain": mallory, "without": stranger} {
		for what, address := range map[string]string{"go": p.Leaving.Go, "skip": p.Leaving.Skip} {
			if got := b.get(address); got.status != http.StatusBadRequest {
				t.Errorf("%s, %s: %d %s", who, what, got.status, got.location)
			}
		}
		if got := b.follow("/answer?ok&ticket=" + ticket); got.status != http.StatusBadRequest {
			t.Errorf("%s, answer: %d %s", who, got.status, got.location)
		}
	}
	v.wantStates(v.get("/"+string(pool)+"/signout"), "[The one asked]")
	if p := v.follow("/answer?ok&ticket=" + ticket); p.location != signedOut {
		t.Errorf("the answer was used up: %d %s", p.status, p.body)
	}
}

// TestAnswerOnce: an answer counts once, and only one that somebody gave.
func TestAnswerOnce(t *testing.T) {
	r := open(t)
	v := r.visitor()
	v.signIn("alice", "one", "two")
	ticket := v.visit(v.follow("/start"), "one")
	page := "/" + string(pool) + "/signout"
	if p := v.get(page + "?ticket=" + ticket); p.status != http.StatusBadRequest {
		t.Errorf("a ticket without an answer: %d %s", p.status, p.location)
	}
	for _, address := range []string{"?go=x", "?skip=x", "?ticket=x", "?skip=", "?go="} {
		if p := v.get(page + address); p.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", address, p.status, p.location)
		}
	}
	v.wantStates(v.get(page), "[The one asked]", "The two ")
	v.follow("/answer?ok&ticket=" + ticket)
	for _, address := range []string{"/answer?ok&ticket=" + ticket, page + "?ticket=" + ticket} {
		if p := v.follow(address); p.status != http.StatusBadRequest {
			t.Errorf("again at %s: %d %s", address, p.status, p.location)
		}
	}
	r.clock.Add(10 * time.Minute)
	if p := v.get(page); p.status != http.StatusBadRequest {
		t.Errorf("after ten minutes: %d %s", p.status, p.body)
	}
}

// TestAtOnce: two tabs that finish a sign-out answer who asked once.
func TestAtOnce(t *testing.T) {
	r := open(t)
	v := r.visitor()
	v.signIn("alice", "one", "asker")
	r.start = func() *chain.Start {
		return &chain.Start{Goal: chain.Goal{Kind: "test"}, Kind: chain.App, ID: "asker"}
	}
	p := v.follow("/start")
	ticket := v.visit(p, "one")
	v.get("/answer?ok&ticket=" + ticket)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { v.get("/" + string(pool) + "/signout?ticket=" + ticket) })
	}
	wg.Wait()
	for range 8 {
		wg.Go(func() { v.get("/" + string(pool) + "/signout") })
	}
	wg.Wait()
	if !slices.Equal(r.apps.answered, []string{" partial=false"}) {
		t.Errorf("answered %q", r.apps.answered)
	}
}

// TestForm: a message by POST is a form, whose page goes on by itself after a while.
func TestForm(t *testing.T) {
	r := open(t)
	r.apps.posts["one"] = true
	v := r.visitor()
	v.signIn("alice", "one")
	p := v.follow("/start")
	form := v.get(p.Leaving.Go)
	if !strings.Contains(form.body, `action="https://app.example/one?ticket=`) || !strings.Contains(form.body, `name="Message"`) ||
		form.header.Get("Refresh") != "20; url="+p.Leaving.Skip {
		t.Errorf("%v %s", form.header, form.body)
	}
}

// TestSignOutAtAnotherAddress: a sign-out that began at a domain of the pool's comes back
// there, where its cookie is, from whichever address answers come to.
func TestSignOutAtAnotherAddress(t *testing.T) {
	r := open(t)
	v := r.visitor()
	v.signIn("alice", "one")
	r.h.Bases = func(*userpool.Pool) []string { return []string{"https://main.example/" + string(pool), r.URL} }
	ticket := v.visit(v.follow("/start"), "one")
	req, err := http.NewRequest(http.MethodGet, r.URL+"/answer?ok&ticket="+ticket, nil)
	r.must(err)
	req.Host = "main.example" // without cookies: they are the domain's
	res, err := (&http.Client{CheckRedirect: v.c.CheckRedirect}).Do(req)
	r.must(err)
	res.Body.Close()
	if want := r.URL + "/signout?ticket=" + ticket; res.Header.Get("Location") != want {
		t.Errorf("led to %q, want %q", res.Header.Get("Location"), want)
	}
	if p := v.follow("/" + string(pool) + "/signout?ticket=" + ticket); p.location != signedOut {
		t.Errorf("%d %s %s", p.status, p.location, p.body)
	}
}
