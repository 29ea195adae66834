package oidcrp_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/sp"
	"github.com/poolhouse/poolhouse/userpool"
)

func TestOpenID(t *testing.T) {
	w := newWorld(t)
	w.claims = map[string]any{"email": "a@corp.example", "email_verified": true, "level": 7, "amr": []string{"pwd", "otp"}, "auth_time": start.Unix() - 5}
	w.answers["/userinfo"] = `{"sub":"alice","email":"other@corp.example","groups":["a","b"],"address":{"country": "DE"},"none":null}`
	p := w.provider("OIDC", nil)
	out, asked := w.depart(p, sp.Ask{})
	for name, want := range map[string]string{"response_type": "code", "client_id": clientID, "redirect_uri": callback, "state": "the-state",
		"scope": "openid email", "code_challenge_method": "S256", "prompt": "", "response_mode": ""} {
		if got := asked.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if len(asked.Get("nonce")) < 43 || len(asked.Get("code_challenge")) != 43 || !strings.HasPrefix(out.Address, w.URL+"/authorize?") {
		t.Errorf("asked for %s", out.Address)
	}
	a, err := w.upstream.Arrive(t.Context(), &sp.Answer{Provider: p, Memo: out.Memo, Form: w.grant(asked)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"email": {"a@corp.example"}, "email_verified": {"true"}, "level": {"7"}, "groups": {"a", "b"},
		"address": {`{"country":"DE"}`}, "sub": {"alice"}}
	for name, values := range want {
		if !slices.Equal(a.Claims[name], values) {
			t.Errorf("%s is %q, want %q", name, a.Claims[name], values)
		}
	}
	if _, ok := a.Claims["none"]; ok || a.Subject != "alice" || !slices.Equal(a.Methods, []string{"pwd", "otp"}) || !a.At.Equal(start.Add(-5*time.Second)) {
		t.Errorf("%+v", a)
	}
	in := a.Inbound.(userpool.InboundTokens)
	if !strings.Contains(string(in.Response), `"access_token":"access"`) || !strings.Contains(string(in.IDToken), `"level":7`) || !strings.Contains(string(in.UserInfo), "groups") {
		t.Errorf("inbound %s", in)
	}
	if form := w.requests[0].Form; form.Get("client_secret") != secret || form.Get("grant_type") != "authorization_code" || form.Get("code_verifier") == "" {
		t.Errorf("exchanged with %v", form)
	}
}

// The answer goes to where the browser is, if that is the pool.
func TestRedirectURI(t *testing.T) {
	w := newWorld(t)
	w.answers["/userinfo"] = `{"sub":"alice"}`
	p := w.provider("OIDC", nil)
	for base, want := range map[string]string{"": callback, "https://corp.auth.pools.example": "https://corp.auth.pools.example/oauth2/idpresponse",
		"https://evil.example": callback, "https://corp.auth.pools.example/": callback} {
		if _, asked := w.depart(p, sp.Ask{Base: base}); asked.Get("redirect_uri") != want {
			t.Errorf("%q: %s", base, asked.Get("redirect_uri"))
		}
		if _, err := w.signIn(p, sp.Ask{Base: base}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
}

// What a sign-in should be like is said in the words of each provider.
func TestAsk(t *testing.T) {
	w := newWorld(t)
	ask := sp.Ask{Force: true, Hint: "a@b.example", Locales: []string{"de", "en"}}
	addresses := map[string]string{"authorize_url": w.URL + "/authorize?p=policy"}
	for _, tt := range []struct {
		kind    string
		dialect userpool.Dialect
		scopes  string
		want    map[string]string
		noNonce bool
	}{
		{"OIDC", "", "email", map[string]string{"scope": "openid email", "prompt": "login", "max_age": "0", "login_hint": ask.Hint, "ui_locales": "de en", "p": "policy"}, false},
		{"OIDC", "microsoft", "openid", map[string]string{"scope": "openid", "prompt": "login", "login_hint": ask.Hint}, false},
		{"OIDC", "github", "user:email", map[string]string{"scope": "user:email", "prompt": "select_account", "login": ask.Hint}, true},
		{"Google", "", "profile", map[string]string{"scope": "openid profile", "prompt": "select_account", "hl": "de", "login_hint": ask.Hint}, false},
		{"Facebook", "", "public_profile,email", map[string]string{"scope": "public_profile email", "auth_type": "reauthenticate"}, true},
		{"LoginWithAmazon", "", "profile", map[string]string{"scope": "profile", "ui_locales": "de en"}, true},
		{"SignInWithApple", "", "name email", map[string]string{"scope": "openid name email", "response_mode": "form_post"}, false},
		{"SignInWithApple", "", "openid", map[string]string{"scope": "openid", "response_mode": ""}, false},
	} {
		p := w.provider(tt.kind, addresses)
		p.Settings.OIDC.Dialect, p.Details["authorize_scopes"] = tt.dialect, tt.scopes
		_, asked := w.depart(p, ask)
		for name, want := range tt.want {
			if asked.Get(name) != want {
				t.Errorf("%s %s: %s is %q, want %q", tt.kind, tt.dialect, name, asked.Get(name), want)
			}
		}
		if asked.Get("code_challenge") == "" || asked.Get("code_challenge_method") != "S256" || asked.Has("nonce") == tt.noNonce {
			t.Errorf("%s %s: asked %v", tt.kind, tt.dialect, asked)
		}
	}
}

// Domains vouch for no address that the provider itself does not vouch for.
func TestDoubtful(t *testing.T) {
	w := newWorld(t)
	w.answers["/userinfo"] = `{"sub":"alice"}`
	for _, tt := range []struct {
		said any
		want bool
	}{{nil, false}, {true, false}, {"true", false}, {false, true}, {"False", true}, {0, true}, {[]bool{true, true}, true}} {
		w.claims = map[string]any{"email": "a@corp.example", "email_verified": tt.said}
		if a, err := w.signIn(w.provider("OIDC", nil), sp.Ask{}); err != nil || a.Doubtful != tt.want {
			t.Errorf("%v: %+v, %v", tt.said, a, err)
		}
	}
}

// The secret goes where the provider wants it, or nowhere where there is none.
func TestClientAuthentication(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(clientID+":"+url.QueryEscape(secret)))
	for name, tt := range map[string]struct {
		methods    any
		secret     string
		header, in string
	}{
		"either":      {[]string{"client_secret_basic", "client_secret_post"}, secret, "", secret},
		"basic":       {[]string{"client_secret_basic"}, secret, basic, ""},
		"not said":    {nil, secret, basic, ""},
		"public":      {[]string{"client_secret_basic"}, "", "", ""},
		"public post": {[]string{"client_secret_post"}, "", "", ""},
	} {
		w := newWorld(t)
		w.answers["/userinfo"] = `{"sub":"alice"}`
		w.metadata["token_endpoint_auth_methods_supported"] = tt.methods
		if _, err := w.signIn(w.provider("OIDC", map[string]string{"client_secret": tt.secret}), sp.Ask{}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := w.requests[0]
		if r.Header.Get("Authorization") != tt.header || r.Form.Get("client_secret") != tt.in || r.Form.Has("client_id") == (tt.header != "") {
			t.Errorf("%s: %v %v", name, r.Header, r.Form)
		}
	}
}

func TestUserInfo(t *testing.T) {
	w := newWorld(t)
	w.answers["/userinfo"] = `{"sub":"alice","nickname":"al"}`
	p := w.provider("OIDC", map[string]string{"attributes_request_method": "POST", "attributes_url_add_attributes": "true", "attributes_url": w.URL + "/userinfo?fields="})
	p.Mapping = map[string]string{"email": "mail", "nickname": "nickname", "name": "mail"}
	a, err := w.signIn(p, sp.Ask{})
	if err != nil || a.Claims["nickname"][0] != "al" {
		t.Fatalf("%+v, %v", a, err)
	}
	if r := w.requests[1]; r.Method != "POST" || r.URL.RawQuery != "fields=mail%2Cnickname" {
		t.Errorf("asked by %s %s", r.Method, r.URL)
	}
	signed := func(claims map[string]any) func(http.ResponseWriter, *http.Request) {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/jwt; charset=utf-8")
			fmt.Fprint(rw, sign(t, jose.ES256, w.key, w.kid, claims))
		}
	}
	w.respond["/userinfo"] = signed(map[string]any{"iss": w.URL, "aud": clientID, "sub": "alice", "nickname": "signed"})
	if a, err = w.signIn(p, sp.Ask{}); err != nil || a.Claims["nickname"][0] != "signed" {
		t.Errorf("signed: %+v, %v", a, err)
	}
	w.respond["/userinfo"] = signed(map[string]any{"iss": w.URL, "aud": "another", "sub": "alice"})
	if _, err = w.signIn(p, sp.Ask{}); err == nil {
		t.Error("claims that were signed for another client")
	}
	w.metadata["userinfo_endpoint"] = nil
	w.now = w.now.Add(2 * time.Hour)
	if a, err = w.signIn(w.provider("OIDC", nil), sp.Ask{}); err != nil || a.Subject != "alice" {
		t.Errorf("no endpoint: %+v, %v", a, err)
	}
}

func TestGoogle(t *testing.T) {
	w := newWorld(t)
	details := map[string]string{"authorize_url": w.URL + "/authorize", "token_url": w.URL + "/token", "attributes_url": w.URL + "/people?personFields="}
	w.answers["/people"] = `{"resourceName":"people/alice","birthdays":[{"date":{"year":1990,"month":2,"day":3}}],
		"phoneNumbers":[{"value":"1"},{"metadata":{"primary":true},"value":"+4930"}],"genders":[{"x":1}]}`
	for _, tt := range []struct {
		email, hd string
		verified  string
	}{
		{"a@gmail.com", "", "true"}, {"a@corp.example", "corp.example", "true"}, {"a@Corp.example", "corp.example", "true"},
		{"a@corp.example", "", "false"}, {"a@other.example", "corp.example", "false"}, {"a@b@gmail.com", "", "false"},
	} {
		w.claims = map[string]any{"email": tt.email, "email_verified": true, "hd": tt.hd}
		a, err := w.signIn(w.provider("Google", details), sp.Ask{})
		if err != nil || a.Claims["email_verified"][0] != tt.verified || a.Doubtful != (tt.verified == "false") || a.Claims["email"][0] != tt.email {
			t.Errorf("%s of %q: %+v, %v", tt.email, tt.hd, a, err)
		}
	}
	if slices.ContainsFunc(w.requests, func(r *http.Request) bool { return r.URL.Path == "/people" }) {
		t.Error("the People API was asked for nothing")
	}
	p := w.provider("Google", details)
	p.Mapping = map[string]string{"birthdate": "birthdays", "phone_number": "phoneNumbers", "email": "email", "gender": "genders"}
	a, err := w.signIn(p, sp.Ask{})
	if err != nil || a.Claims["birthdays"][0] != "1990-02-03" || a.Claims["phoneNumbers"][0] != "+4930" || a.Claims["genders"] != nil {
		t.Fatalf("%+v, %v", a, err)
	}
	if q := w.requests[len(w.requests)-1].URL.Query().Get("personFields"); q != "birthdays,genders,phoneNumbers" {
		t.Errorf("asked for %q", q)
	}
	w.answers["/people"] = `{"resourceName":"people/mallory"}`
	_, err = w.signIn(p, sp.Ask{})
	failed(t, "another person", err, sp.ErrInvalid)
	p.Settings.OIDC.Tenants, p.Mapping = []string{"corp.example"}, nil
	if _, asked := w.depart(p, sp.Ask{}); asked.Get("hd") != "corp.example" {
		t.Errorf("asked %v", asked)
	}
	w.claims = map[string]any{"email": "a@corp.example", "email_verified": true}
	_, err = w.signIn(p, sp.Ask{})
	failed(t, "no hosted domain", err, sp.ErrRefused)
}

func TestFacebook(t *testing.T) {
	w := newWorld(t)
	w.answers["/me"] = `{"id":"10","email":"a@b.example","email_verified":true,"picture":{"data":{"url":"https://x"}}}`
	p := w.provider("Facebook", map[string]string{"authorize_url": w.URL + "/authorize", "token_url": w.URL + "/token",
		"attributes_url": w.URL + "/me?fields=", "oidc_issuer": ""})
	p.Mapping = map[string]string{"username": "id", "email": "email", "email_verified": "email_verified", "picture": "picture"}
	a, err := w.signIn(p, sp.Ask{})
	if err != nil || a.Subject != "10" || a.Claims["email"][0] != "a@b.example" || a.Claims["email_verified"][0] != "false" ||
		a.Claims["picture"][0] != `{"data":{"url":"https://x"}}` {
		t.Fatalf("%+v, %v", a, err)
	}
	if q := w.requests[1].URL.Query(); q.Get("fields") != "id,email,picture" || len(q.Get("appsecret_proof")) != 64 || q.Has("access_token") {
		t.Errorf("asked for %v", q)
	}
	w.answers["/me"] = `{"name":"nobody"}`
	_, err = w.signIn(p, sp.Ask{})
	failed(t, "no identifier", err, sp.ErrInvalid)
	dep, err := w.upstream.Depart(t.Context(), &sp.Ask{Provider: w.provider("Facebook", map[string]string{"api_version": "v20.0"})})
	if err != nil || !strings.HasPrefix(dep.Address, "https://www.facebook.com/v20.0/dialog/oauth?") {
		t.Errorf("%+v, %v", dep, err)
	}
}

func TestAmazon(t *testing.T) {
	w := newWorld(t)
	w.answers["/user/profile"] = `{"user_id":"amzn1.account.X","email":"a@b.example","name":"A","postal_code":"1"}`
	a, err := w.signIn(w.provider("LoginWithAmazon", map[string]string{"authorize_url": w.URL + "/authorize", "token_url": w.URL + "/token",
		"attributes_url": w.URL + "/user/profile", "oidc_issuer": ""}), sp.Ask{})
	if err != nil || a.Subject != "amzn1.account.X" || a.Claims["email_verified"][0] != "false" || a.Claims["postal_code"][0] != "1" {
		t.Fatalf("%+v, %v", a, err)
	}
}

func TestGitHub(t *testing.T) {
	w := newWorld(t)
	user := `{"id":583231,"login":"octocat","email":"public@b.example","name":"Octo","email_verified":true,"avatar_url":"https://a"}`
	for name, tt := range map[string]struct {
		emails          string
		email, verified string
	}{
		"verified and primary": {`[{"email":"x@b.example","verified":true},{"email":"p@b.example","primary":true,"verified":true}]`, "p@b.example", "true"},
		"not verified":         {`[{"email":"p@b.example","primary":true,"verified":false},{"email":"x@b.example","verified":true}]`, "", "false"},
		"none":                 {`[]`, "", "false"},
		"not granted":          {"", "", "false"},
	} {
		w.answers = map[string]string{"/api/v3/user": user}
		if tt.emails != "" {
			w.answers["/api/v3/user/emails"] = tt.emails
		}
		w.exchange = func(rw http.ResponseWriter, r *http.Request) bool { return false }
		p := w.provider("OIDC", map[string]string{"authorize_scopes": "read:user user:email", "token_url": w.URL + "/token"})
		p.Settings.OIDC.Dialect = userpool.DialectGitHub
		a, err := w.signIn(p, sp.Ask{})
		if err != nil {
			t.Fatal(name, err)
		}
		email := strings.Join(a.Claims["email"], "")
		if a.Subject != "583231" || a.Claims["sub"][0] != "583231" || a.Claims["preferred_username"][0] != "octocat" || email != tt.email ||
			a.Claims["email_verified"][0] != tt.verified {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for name, user := range map[string]string{"nobody": "null", "no number": `{"login":"octocat"}`} {
		w.answers["/api/v3/user"] = user
		p := w.provider("OIDC", map[string]string{"token_url": w.URL + "/token"})
		p.Settings.OIDC.Dialect = userpool.DialectGitHub
		_, err := w.signIn(p, sp.Ask{})
		failed(t, name, err, sp.ErrInvalid)
	}
	dep, err := w.upstream.Depart(t.Context(), &sp.Ask{Provider: w.provider("OIDC", map[string]string{"oidc_issuer": "https://github.com", "token_url": ""})})
	if err != nil || !strings.HasPrefix(dep.Address, "https://github.com/login/oauth/authorize?") {
		t.Errorf("%+v, %v", dep, err)
	}
	w.exchange = func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.Write([]byte(`{"error":"bad_verification_code","error_description":"x"}`)) // with the status 200
		return true
	}
	p := w.provider("OIDC", map[string]string{"token_url": w.URL + "/token"})
	p.Settings.OIDC.Dialect = userpool.DialectGitHub
	_, err = w.signIn(p, sp.Ask{})
	failed(t, "an error with the status 200", err, sp.ErrInvalid)
}

func TestApple(t *testing.T) {
	w := newWorld(t)
	key := newECKey(t)
	w.claims = map[string]any{"email": "a@privaterelay.appleid.com", "email_verified": "true"}
	p := w.provider("SignInWithApple", map[string]string{"authorize_scopes": "name email", "team_id": "TEAM", "key_id": "KEY", "client_secret": "",
		"authorize_url": w.URL + "/authorize", "token_url": w.URL + "/token",
		"private_key": "-----BEGIN PRIVATE KEY-----\n" + pkcs8(t, key) + "\n-----END PRIVATE KEY-----\n"})
	w.metadata["userinfo_endpoint"] = nil
	out, asked := w.depart(p, sp.Ask{})
	form := w.grant(asked)
	form.Set("user", `{"name":{"firstName":"Ada","lastName":"L"},"email":"victim@corp.example","sub":"bob"}`)
	a, err := w.upstream.Arrive(t.Context(), &sp.Answer{Provider: p, Memo: out.Memo, Form: form})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"firstName": "Ada", "lastName": "L", "name": "Ada L", "email": "a@privaterelay.appleid.com", "email_verified": "true", "sub": "alice"}
	for name, value := range want {
		if !slices.Equal(a.Claims[name], []string{value}) {
			t.Errorf("%s is %q, want %q", name, a.Claims[name], value)
		}
	}
	if a.Subject != "alice" {
		t.Errorf("subject %q", a.Subject)
	}
	jws, err := jose.ParseSigned(w.requests[0].Form.Get("client_secret"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := jws.Verify(key.Public())
	var got map[string]any
	if json.Unmarshal(payload, &got) != nil || err != nil || jws.Signatures[0].Header.KeyID != "KEY" {
		t.Fatalf("%v, %s", err, payload)
	}
	if want := map[string]any{"iss": "TEAM", "sub": clientID, "aud": w.URL, "iat": float64(start.Unix()), "exp": float64(start.Add(5 * time.Minute).Unix())}; !reflect.DeepEqual(got, want) {
		t.Errorf("secret %v, want %v", got, want)
	}
	for name, user := range map[string]string{"long": `{"name":{"firstName":"` + strings.Repeat("x", 300) + `"}}`, "huge": `{"x":"` + strings.Repeat("x", 5000) + `"}`,
		"twice": `{"name":{},"name":{"firstName":"Eve"}}`, "no JSON": "x", "a list": "[]"} {
		form := w.grant(asked)
		form.Set("user", user)
		a, err := w.upstream.Arrive(t.Context(), &sp.Answer{Provider: p, Memo: out.Memo, Form: form})
		if err != nil || a.Claims["firstName"] != nil {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

func TestMicrosoft(t *testing.T) {
	const tid, other, personal = "72f988bf-86f1-41af-91ab-2d7cd011db47", "11111111-86f1-41af-91ab-2d7cd011db47", "9188040d-6c67-4c5b-b112-36a304b66dad"
	for _, tt := range []struct {
		name, tenant string // of oidc_issuer
		iss, tid     string
		tenants      []string
		want         error
	}{
		{"a tenant", "common", tid, tid, nil, nil},
		{"a person", "common", personal, personal, nil, nil},
		{"an organization", "organizations", tid, tid, []string{other, strings.ToUpper(tid)}, nil},
		{"a person, no organization", "organizations", personal, personal, nil, sp.ErrInvalid},
		{"a tenant that may not come", "common", tid, tid, []string{other}, sp.ErrRefused},
		{"tid of another", "common", tid, other, nil, sp.ErrInvalid},
		{"no tid", "common", tid, "", nil, sp.ErrInvalid},
		{"the template itself", "common", "{tenantid}", "{tenantid}", nil, sp.ErrInvalid},
		{"common itself", "common", "common", "common", nil, sp.ErrInvalid},
		{"a path", "common", tid + "/x", tid, nil, sp.ErrInvalid},
		{"one tenant", tid, tid, tid, nil, nil},
		{"another than the one", tid, other, other, nil, sp.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			issuer := func(tenant string) string { return w.URL + "/" + tenant + "/v2.0" }
			w.respond["/"+tt.tenant+"/v2.0/.well-known/openid-configuration"] = func(rw http.ResponseWriter, r *http.Request) {
				if w.metadata["issuer"] = issuer(tt.tenant); tt.tenant != tid {
					w.metadata["issuer"] = issuer("{tenantid}")
				}
				w.discovery(rw, r)
			}
			w.metadata["authorization_response_iss_parameter_supported"] = false
			w.claims = map[string]any{"iss": issuer(tt.iss), "tid": tt.tid, "email": "ceo@corp.example", "email_verified": true, "xms_edov": true}
			p := w.provider("OIDC", map[string]string{"oidc_issuer": issuer(tt.tenant)})
			p.Settings.OIDC = userpool.OIDCSettings{Dialect: userpool.DialectMicrosoft, Tenants: tt.tenants}
			out, asked := w.depart(p, sp.Ask{})
			form := w.grant(asked)
			form.Del("iss")
			a, err := w.upstream.Arrive(t.Context(), &sp.Answer{Provider: p, Memo: out.Memo, Form: form})
			failed(t, tt.name, err, tt.want)
			if err != nil {
				return
			}
			subject, said, many := "alice", "", tt.tenant != tid
			if many {
				subject, said = tt.tid+".alice", "false"
			}
			if a.Subject != subject || a.Doubtful != many || strings.Join(a.Claims["email_verified"], "") != said || a.Claims["email"][0] != "ceo@corp.example" {
				t.Errorf("%+v", a)
			}
		})
	}
}

// The tenants of another issuer than Microsoft's are none.
func TestTemplateOfAStranger(t *testing.T) {
	w := newWorld(t)
	w.respond["/common/.well-known/openid-configuration"] = func(rw http.ResponseWriter, r *http.Request) {
		w.metadata["issuer"] = w.URL + "/{tenantid}/"
		w.discovery(rw, r)
	}
	w.claims = map[string]any{"iss": w.URL + "/72f988bf-86f1-41af-91ab-2d7cd011db47/", "tid": "72f988bf-86f1-41af-91ab-2d7cd011db47"}
	p := w.provider("OIDC", map[string]string{"oidc_issuer": w.URL + "/common/"})
	out, asked := w.depart(p, sp.Ask{})
	form := w.grant(asked)
	form.Set("iss", w.URL+"/common/")
	_, err := w.upstream.Arrive(t.Context(), &sp.Answer{Provider: p, Memo: out.Memo, Form: form})
	failed(t, "a template", err, sp.ErrInvalid)
}

// A key that came into use since the last look counts at once, with a known key set
// that is a second old.
func TestRolloverInBetween(t *testing.T) {
	w := newWorld(t)
	w.answers["/userinfo"] = `{"sub":"alice"}`
	p := w.provider("OIDC", nil)
	for _, kid := range []string{"k1", "k2"} {
		w.kid, w.key = kid, newECKey(t)
		if _, err := w.signIn(p, sp.Ask{}); err != nil {
			t.Errorf("%s: %v", kid, err)
		}
		w.now = w.now.Add(time.Second)
	}
	w.keysDown, w.kid, w.key = true, "k3", newECKey(t)
	w.now = w.now.Add(time.Minute)
	_, err := w.signIn(p, sp.Ask{})
	failed(t, "no keys", err, sp.ErrUnreachable)
}

// An issuer that is down for a while does not keep anybody out who needs it not.
func TestDiscoveryIsDown(t *testing.T) {
	w := newWorld(t)
	w.answers["/userinfo"] = `{"sub":"alice"}`
	p := w.provider("OIDC", nil)
	if _, err := w.signIn(p, sp.Ask{}); err != nil {
		t.Fatal(err)
	}
	w.metadata["issuer"] = "https://evil.example" // another issuer is as good as none
	w.now = w.now.Add(2 * time.Hour)
	if _, err := w.signIn(p, sp.Ask{}); err != nil {
		t.Errorf("the last good document: %v", err)
	}
	fresh := newWorld(t)
	fresh.metadata["issuer"] = "https://evil.example"
	_, err := fresh.upstream.Depart(t.Context(), &sp.Ask{Provider: fresh.provider("OIDC", nil)})
	failed(t, "another issuer", err, sp.ErrUnreachable)
	fresh.answers["/userinfo"] = `{"sub":"alice"}`
	known := map[string]string{"authorize_url": fresh.URL + "/authorize", "token_url": fresh.URL + "/token", "jwks_uri": fresh.URL + "/keys"}
	if _, err := fresh.signIn(fresh.provider("OIDC", maps.Clone(known)), sp.Ask{}); err != nil {
		t.Errorf("known addresses: %v", err)
	}
}
