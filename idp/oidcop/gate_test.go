package oidcop_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// gated is a page of another protocol, as the SAML IdP has.
func (h *house) gated(force bool) {
	pool, err := h.store.Pool(h.t.Context(), poolID)
	h.must(err)
	h.front.HandleFunc("/"+poolID+"/saml/sso", func(w http.ResponseWriter, r *http.Request) {
		if sess, ok := h.handler.Gate.RequireSession(w, r, pool, "/"+poolID+"/saml/sso?request=7", force); ok {
			fmt.Fprint(w, "signed in: ", sess.Sub)
		}
	})
}

func TestGate(t *testing.T) {
	for _, force := range []bool{false, true} {
		t.Run(fmt.Sprint("force ", force), func(t *testing.T) {
			h := open(t)
			h.gated(force)
			page := "/" + poolID + "/saml/sso?request=7"
			v := h.visitor()
			to := where(v.get(page)).String()
			if !strings.HasPrefix(to, "/"+poolID+"/login?continue=") || strings.Contains(to, "saml") {
				t.Fatalf("sent to %s", to)
			}
			back := where(v.post(to, credentials("alice", password))).String()
			if !strings.HasPrefix(back, page) {
				t.Fatalf("back at %s", back)
			}
			if res := v.get(back); res.text != "signed in: "+h.alice.Sub {
				t.Fatalf("%d %s", res.StatusCode, res.text)
			}
			if res := v.get(back); (res.StatusCode == 200) == force {
				t.Errorf("the same visit again: %d", res.StatusCode)
			}
			if res := v.get(to); res.StatusCode != 400 {
				t.Errorf("the continuation is good twice: %d", res.StatusCode)
			}
		})
	}
}

// TestGateProofIsBound: the proof of one browser's sign-in is no use to another.
func TestGateProofIsBound(t *testing.T) {
	h := open(t)
	h.gated(true)
	v := h.visitor()
	to := where(v.get("/" + poolID + "/saml/sso?request=7")).String()
	back := where(v.post(to, credentials("alice", password))).String()
	other := h.visitor()
	other.signIn(authorizeURL(poolID, public, nil), "alice")
	if res := other.get(back); res.StatusCode == 200 {
		t.Error("accepted in another session")
	}
}
