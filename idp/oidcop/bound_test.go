package oidcop_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/poolhouse/poolhouse/internal/web"
	"github.com/poolhouse/poolhouse/userpool"
)

var keyA, keyB = newKey(), newKey()

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func thumbprint(key *ecdsa.PrivateKey) string {
	sum, err := (&jose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// proof is a DPoP header for a request; token is what it presents, or empty.
func (h *house) proof(key *ecdsa.PrivateKey, method, path, token string) http.Header {
	h.t.Helper()
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": h.url + path, "iat": h.clock.Now().Unix()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return http.Header{"Dpop": {h.signProof(key, claims)}}
}

func (h *house) signProof(key *ecdsa.PrivateKey, claims map[string]any) string {
	h.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	h.must(err)
	payload, err := json.Marshal(claims)
	h.must(err)
	jws, err := signer.Sign(payload)
	h.must(err)
	raw, err := jws.CompactSerialize()
	h.must(err)
	return raw
}

// provenToken calls the token endpoint with a proof.
func (h *house) provenToken(key *ecdsa.PrivateKey, form url.Values) (int, map[string]any) {
	h.t.Helper()
	path := "/" + poolID + "/oauth2/token"
	return h.program("POST", path, form, h.proof(key, "POST", path, ""))
}

// info asks for userInfo with a token by some scheme, with a proof where there is a key.
func (h *house) info(scheme, token string, key *ecdsa.PrivateKey) (int, map[string]any) {
	h.t.Helper()
	path, header := "/"+poolID+"/oauth2/userInfo", http.Header{}
	if key != nil {
		header = h.proof(key, "GET", path, token)
	}
	header.Set("Authorization", scheme+" "+token)
	return h.program("GET", path, nil, header)
}

// setClient changes what a client asked for beyond Cognito's settings.
func (h *house) setClient(id userpool.ClientID, change func(*userpool.Client)) {
	h.t.Helper()
	_, err := h.store.UpdateClient(context.Background(), poolID, id, func(c *userpool.Client) error {
		change(c)
		return nil
	})
	h.must(err)
}

func refreshing(client string, set map[string]any) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {set["refresh_token"].(string)}}
}

// TestDPoP goes from the code to userInfo and refresh with one key.
func TestDPoP(t *testing.T) {
	h := open(t)
	code := h.code(poolID, public, map[string]any{"dpop_jkt": thumbprint(keyA)})
	status, set := h.provenToken(keyB, redemption(public, code))
	wantGrantError(t, status, set, "invalid_grant") // another key
	status, set = h.token(poolID, redemption(public, code))
	wantGrantError(t, status, set, "invalid_grant") // none
	status, set = h.provenToken(keyA, redemption(public, code))
	if status != 200 || set["token_type"] != "DPoP" {
		t.Fatalf("the code was burnt, or %d %v", status, set)
	}
	access := set["access_token"].(string)
	if cnf, _ := claims(t, access)["cnf"].(map[string]any); cnf["jkt"] != thumbprint(keyA) {
		t.Errorf("cnf is %v", cnf)
	}
	if status, info := h.info("dPoP", access, keyA); status != 200 || info["sub"] == nil {
		t.Errorf("userInfo: %d %v", status, info)
	}
	for name, try := range map[string]func() (int, map[string]any){
		"as a bearer's":                 func() (int, map[string]any) { return h.info("Bearer", access, nil) },
		"as a bearer's with a proof":    func() (int, map[string]any) { return h.info("Bearer", access, keyA) },
		"without a proof":               func() (int, map[string]any) { return h.info("DPoP", access, nil) },
		"with a proof of another":       func() (int, map[string]any) { return h.info("DPoP", access, keyB) },
		"in the form, as a bearer's is": func() (int, map[string]any) { return h.inForm(access) },
	} {
		if status, got := try(); status != 401 {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if _, err := h.tokens.SignedInUser(context.Background(), access); err == nil {
		t.Error("the user pools API takes a bound token from anybody")
	}
	status, got := h.token(poolID, refreshing(public, set))
	wantGrantError(t, status, got, "invalid_grant")
	status, got = h.provenToken(keyB, refreshing(public, set))
	wantGrantError(t, status, got, "invalid_grant")
	if status, got = h.provenToken(keyA, refreshing(public, set)); status != 200 || got["token_type"] != "DPoP" || got["refresh_token"] != nil {
		t.Errorf("refresh: %d %v", status, got)
	}
	c, err := h.store.Client(context.Background(), public)
	h.must(err)
	if _, err := h.tokens.RefreshFrom(context.Background(), c, set["refresh_token"].(string), ""); err == nil {
		t.Error("the user pools API refreshes without the key")
	}
}

func (h *house) inForm(access string) (int, map[string]any) {
	return h.program("POST", "/"+poolID+"/oauth2/userInfo", url.Values{"access_token": {access}}, nil)
}

// TestProofOfBearer: a proof makes a bearer token no better, and a wrong one spoils it.
func TestProofOfBearer(t *testing.T) {
	h := open(t)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	access := set["access_token"].(string)
	if status, got := h.info("DPoP", access, keyA); status != 401 {
		t.Errorf("DPoP: %d %v", status, got)
	}
	path := "/" + poolID + "/oauth2/token"
	form := refreshing(public, set)
	status, got := h.program("POST", path, form, http.Header{"Dpop": {"x"}})
	wantGrantError(t, status, got, "invalid_dpop_proof")
	twice := h.proof(keyA, "POST", path, "")
	twice["Dpop"] = append(twice["Dpop"], twice["Dpop"][0])
	status, got = h.program("POST", path, form, twice)
	wantGrantError(t, status, got, "invalid_dpop_proof")
	once := h.proof(keyA, "POST", path, "")
	if status, got = h.program("POST", path, form, once); status != 200 || got["token_type"] != "DPoP" {
		t.Errorf("refresh with a first proof: %d %v", status, got)
	}
	status, got = h.program("POST", path, form, once)
	wantGrantError(t, status, got, "invalid_dpop_proof")
	if !h.works(access) {
		t.Error("the bearer token died of it")
	}
}

// TestProofsInParallel (S2): one proof is good for one of fifty requests.
func TestProofsInParallel(t *testing.T) {
	h := open(t)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	path := "/" + poolID + "/oauth2/token"
	proof := h.proof(keyA, "POST", path, "")
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := 0
	for range 50 {
		wg.Go(func() {
			status, got := h.program("POST", path, refreshing(public, set), proof)
			mu.Lock()
			defer mu.Unlock()
			if status == 200 {
				won++
			} else {
				wantGrantError(t, status, got, "invalid_dpop_proof")
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

func TestBoundClients(t *testing.T) {
	h := open(t)
	h.setClient(public, func(c *userpool.Client) { c.OpenID.DPoPBound, c.OpenID.ResponseTypes = true, []string{"code token"} })
	code := h.code(poolID, public, nil)
	status, set := h.token(poolID, redemption(public, code))
	wantGrantError(t, status, set, "invalid_dpop_proof")
	if status, set = h.provenToken(keyA, redemption(public, code)); status != 200 {
		t.Errorf("with a proof: %d %v", status, set)
	}
	at := h.visitor().signIn(authorizeURL(poolID, public, map[string]any{"response_type": "code token", "response_mode": nil}), "alice")
	if q, _ := url.ParseQuery(at.Fragment); q.Get("error") != "unauthorized_client" {
		t.Errorf("tokens went through the browser: %s", at)
	}
	if at := where(h.visitor().get(authorizeURL(poolID, otherID, map[string]any{"dpop_jkt": "short"}))); at.Query().Get("error") != "invalid_request" {
		t.Errorf("malformed dpop_jkt: %s", at)
	}
	h.setClient(public, func(c *userpool.Client) { c.OpenID = userpool.OpenIDClient{CertBound: true} })
	status, set = h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	wantGrantError(t, status, set, "invalid_request")
	h.setClient(m2mID, func(c *userpool.Client) { c.OpenID.DPoPBound = true })
	path := "/" + poolID + "/oauth2/token"
	header := h.proof(keyA, "POST", path, "")
	header.Set("Authorization", basic(m2mID, secret).Get("Authorization"))
	if status, set = h.program("POST", path, url.Values{"grant_type": {"client_credentials"}}, header); status != 200 || set["token_type"] != "DPoP" ||
		claims(t, set["access_token"])["cnf"] == nil {
		t.Errorf("client credentials: %d %v", status, set)
	}
}

// TestConfidentialKeys: a client that proves who it is may change its key, but not
// go without one; and its tokens are not rotated.
func TestConfidentialKeys(t *testing.T) {
	h := open(t)
	h.setClient(secretID, func(c *userpool.Client) { c.RotateRefresh = true })
	path := "/" + poolID + "/oauth2/token"
	call := func(key *ecdsa.PrivateKey, form url.Values) (int, map[string]any) {
		header := basic(secretID, secret)
		if key != nil {
			header["Dpop"] = h.proof(key, "POST", path, "")["Dpop"]
		}
		return h.program("POST", path, form, header)
	}
	status, set := call(keyA, redemption(secretID, h.code(poolID, secretID, nil)))
	if status != 200 {
		t.Fatalf("%d %v", status, set)
	}
	for range 2 {
		if status, got := call(keyB, refreshing(secretID, set)); status != 200 || got["refresh_token"] != nil {
			t.Errorf("another key: %d %v", status, got)
		}
	}
	status, got := call(nil, refreshing(secretID, set))
	wantGrantError(t, status, got, "invalid_grant")
}

func TestNonces(t *testing.T) {
	h := open(t)
	_, err := h.store.UpdatePool(context.Background(), poolID, func(p *userpool.Pool) error {
		p.OpenID.DPoPNonces = true
		return nil
	})
	h.must(err)
	code, path := h.code(poolID, public, nil), "/"+poolID+"/oauth2/token"
	ask := func(path, method string, form url.Values, header http.Header) *reply {
		req, err := http.NewRequest(method, h.url+path, strings.NewReader(form.Encode()))
		h.must(err)
		for name, values := range header {
			req.Header[name] = values
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		return h.visitor().do(req)
	}
	res := ask(path, "POST", redemption(public, code), h.proof(keyA, "POST", path, ""))
	nonce := res.Header.Get("DPoP-Nonce")
	if res.StatusCode != 400 || !strings.Contains(res.text, "use_dpop_nonce") || nonce == "" {
		t.Fatalf("%d %s, nonce %q", res.StatusCode, res.text, nonce)
	}
	fresh := func(method, path, token string) http.Header {
		c := map[string]any{"jti": rand.Text(), "htm": method, "htu": h.url + path, "iat": h.clock.Now().Unix() - 3600, "nonce": nonce}
		if token != "" {
			sum := sha256.Sum256([]byte(token))
			c["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
		}
		return http.Header{"Dpop": {h.signProof(keyA, c)}}
	}
	res = ask(path, "POST", redemption(public, code), fresh("POST", path, ""))
	var set map[string]any
	if err := json.Unmarshal([]byte(res.text), &set); err != nil || res.StatusCode != 200 {
		t.Fatalf("with the nonce: %d %s", res.StatusCode, res.text)
	}
	access := set["access_token"].(string)
	path = "/" + poolID + "/oauth2/userInfo"
	header := h.proof(keyA, "GET", path, access)
	header.Set("Authorization", "DPoP "+access)
	res = ask(path, "GET", nil, header)
	if res.StatusCode != 401 || !strings.Contains(res.Header.Get("WWW-Authenticate"), `error="use_dpop_nonce"`) || res.Header.Get("DPoP-Nonce") == "" {
		t.Errorf("userInfo: %d %v", res.StatusCode, res.Header)
	}
	header = fresh("GET", path, access)
	header.Set("Authorization", "DPoP "+access)
	if res = ask(path, "GET", nil, header); res.StatusCode != 200 {
		t.Errorf("userInfo with the nonce: %d %s", res.StatusCode, res.text)
	}
}

// TestCertificateBound: tokens of a client with a certificate are its connection's.
func TestCertificateBound(t *testing.T) {
	h := open(t)
	h.setClient(public, func(c *userpool.Client) { c.OpenID.CertBound = true })
	code := h.code(poolID, public, nil)
	mine, others := selfSigned(t, keyA), selfSigned(t, keyB)
	status, set := h.over(mine, "POST", "token", redemption(public, code), nil)
	cnf, _ := claims(t, set["access_token"])["cnf"].(map[string]any)
	sum := sha256.Sum256(mine.Raw)
	if status != 200 || set["token_type"] != "Bearer" || cnf["x5t#S256"] != base64.RawURLEncoding.EncodeToString(sum[:]) {
		t.Fatalf("%d %v, cnf %v", status, set, cnf)
	}
	header := http.Header{"Authorization": {"Bearer " + set["access_token"].(string)}}
	for _, try := range []struct {
		name string
		cert *x509.Certificate
		want int
	}{{"mine", mine, 200}, {"another's", others, 401}, {"none", nil, 401}} {
		if status, got := h.over(try.cert, "GET", "userInfo", nil, header); status != try.want {
			t.Errorf("userInfo with %s: %d %v", try.name, status, got)
		}
	}
	if status, got := h.over(others, "POST", "token", refreshing(public, set), nil); status != 400 {
		t.Errorf("refresh with another's: %d %v", status, got)
	}
	if status, got := h.over(mine, "POST", "token", refreshing(public, set), nil); status != 200 {
		t.Errorf("refresh: %d %v", status, got)
	}
}

// over sends a request as if its connection had shown a certificate, as the server's
// edge reports it.
func (h *house) over(cert *x509.Certificate, method, endpoint string, form url.Values, header http.Header) (int, map[string]any) {
	h.t.Helper()
	shown := header.Clone()
	if shown == nil {
		shown = http.Header{}
	}
	if cert != nil {
		shown.Set("Test-Certificate", base64.StdEncoding.EncodeToString(cert.Raw))
	}
	return h.program(method, "/"+poolID+"/oauth2/"+endpoint, form, shown)
}

// edge stands in for the server's.
func edge(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if raw, err := base64.StdEncoding.DecodeString(r.Header.Get("Test-Certificate")); err == nil && len(raw) > 0 {
			cert, err := x509.ParseCertificate(raw)
			if err != nil {
				panic(err)
			}
			r = r.WithContext(web.WithClientChain(r.Context(), []*x509.Certificate{cert}))
		}
		next.ServeHTTP(w, r)
	})
}

func selfSigned(t *testing.T, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(100 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// TestNarrowRefresh (F19): a refresh may ask for less, and for no more.
func TestNarrowRefresh(t *testing.T) {
	h := open(t)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, map[string]any{"scope": "openid email api/read", "resource": "https://api.example"})))
	ask := func(name, value string) (int, map[string]any) {
		form := refreshing(public, set)
		form.Set(name, value)
		return h.token(poolID, form)
	}
	status, got := ask("scope", "api/read")
	if status != 200 || claims(t, got["access_token"])["scope"] != "api/read" || got["id_token"] != nil {
		t.Errorf("less: %d %v", status, got)
	}
	if status, got = ask("scope", ""); status != 200 || claims(t, got["access_token"])["scope"] != "openid email api/read" {
		t.Errorf("all again: %d %v", status, got)
	}
	status, got = ask("scope", "api/read api/write")
	wantGrantError(t, status, got, "invalid_scope")
	if status, got = ask("resource", "https://api.example"); status != 200 || claims(t, got["access_token"])["aud"] != "https://api.example" {
		t.Errorf("its resource: %d %v", status, got)
	}
	status, got = ask("resource", "https://evil.example")
	wantGrantError(t, status, got, "invalid_target")
}

// TestKeyClientsAtAPI: a client that proves itself by a key is nobody at the user
// pools API, where its refresh token would be enough.
func TestKeyClientsAtAPI(t *testing.T) {
	h := open(t)
	_, set := h.token(poolID, redemption(public, h.code(poolID, public, nil)))
	h.setClient(public, func(c *userpool.Client) { c.OpenID.AuthMethod = userpool.AuthPrivateKeyJWT })
	c, err := h.store.Client(context.Background(), public)
	h.must(err)
	if _, err := h.tokens.RefreshFrom(context.Background(), c, set["refresh_token"].(string), ""); err == nil {
		t.Error("refreshed")
	}
}
