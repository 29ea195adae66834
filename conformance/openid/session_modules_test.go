package openid_test

import (
	"testing"
	"time"
)

// promptLogin asks for credentials again although there is a session.
func promptLogin(t *testing.T, e *exam) {
	again(t, e, 1100*time.Millisecond, nil, []param{set("prompt", "login")})
}

// maxAge1 lets a session grow older than the app allows.
func maxAge1(t *testing.T, e *exam) {
	again(t, e, 2100*time.Millisecond, nil, []param{set("max_age", "1")})
}

// again signs in twice and wants a second password, and a later auth_time.
func again(t *testing.T, e *exam, wait time.Duration, first, second []param) {
	t.Helper()
	r, v := e.register(t), e.visitor(t)
	a := r.signIn(t, v, first...)
	time.Sleep(wait)
	b := r.signIn(t, v, second...)
	if v.signIns != 2 {
		t.Errorf("%d sign-ins, want 2", v.signIns)
	}
	if !b.ID.time(t, "auth_time").After(a.ID.time(t, "auth_time")) {
		t.Errorf("auth_time %v, then %v", a.ID.claims["auth_time"], b.ID.claims["auth_time"])
	}
	b.ID.same(t, "sub", a.ID.claims["sub"])
}

// silently signs in twice and wants no second password, and the same auth_time.
func silently(t *testing.T, e *exam, first []param, second func(*tokens) []param) {
	t.Helper()
	r, v := e.register(t), e.visitor(t)
	a := r.signIn(t, v, first...)
	time.Sleep(1100 * time.Millisecond)
	b := r.signIn(t, v, second(a)...)
	if v.signIns != 1 {
		t.Errorf("%d sign-ins, want 1", v.signIns)
	}
	b.ID.same(t, "sub", a.ID.claims["sub"])
	if !b.ID.time(t, "auth_time").Equal(a.ID.time(t, "auth_time")) {
		t.Errorf("auth_time %v, then %v", a.ID.claims["auth_time"], b.ID.claims["auth_time"])
	}
}

func promptNoneLoggedIn(t *testing.T, e *exam) {
	silently(t, e, nil, func(*tokens) []param { return []param{set("prompt", "none")} })
}

func maxAge10000(t *testing.T, e *exam) {
	silently(t, e, []param{set("max_age", "15000")}, func(*tokens) []param { return []param{set("max_age", "10000")} })
}

func idTokenHint(t *testing.T, e *exam) {
	silently(t, e, nil, func(k *tokens) []param { return []param{set("prompt", "none"), set("id_token_hint", k.ID.raw)} })
}

func promptNoneNotLoggedIn(t *testing.T, e *exam) {
	e.register(t).flow(set("prompt", "none")).fails(t, e.visitor(t), "login_required", "interaction_required", "account_selection_required")
}
