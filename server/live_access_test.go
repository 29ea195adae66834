package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/live"
)

// refusal sends a request for changes that should be refused, and returns its status
// and error.
func refusal(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == 200 || resp.StatusCode == 101 {
		return resp.StatusCode, ""
	}
	body, err := io.ReadAll(resp.Body)
	var e struct{ Message string }
	if err != nil || json.Unmarshal(body, &e) != nil || e.Message == "" {
		t.Errorf("%s %s", resp.Status, body)
	}
	if resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("a browser cannot read the error")
	}
	if (resp.StatusCode == 429 || resp.StatusCode == 503) && resp.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	return resp.StatusCode, resp.Header.Get("x-amzn-ErrorType")
}

func request(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// signed returns a request that is signed in its headers.
func (f *follower) signed(s *server.Server, path string, at time.Time) *http.Request {
	f.t.Helper()
	r := request(f.t, s.URL()+path)
	if err := v4.NewSigner().SignHTTP(f.t.Context(), f.key, r, sigv4.EmptyHash, "cognito-sync", demodata.Region, at); err != nil {
		f.t.Fatal(err)
	}
	return r
}

var liveRoot = aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}

func TestFollowIsRefused(t *testing.T) {
	s := servertest.Start(t, servertest.Embedded, servertest.Options{Demo: true, Edit: func(c *server.Config) { c.GuestPolicy = "off" }})
	// Guests may list one dataset alone.
	err := s.STS.PutRolePolicy(t.Context(), demodata.GuestRole, "demo", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-sync:ListRecords","Resource":`+
		`"arn:aws:cognito-sync:*:*:identitypool/*/identity/*/dataset/notes"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	alice, bob := newFollower(t, s), newFollower(t, s)
	root := &follower{t, alice.owner, liveRoot}
	nobody := &follower{t, dataset.Owner{Pool: alice.owner.Pool, Identity: "us-east-1:00000000-0000-4000-8000-000000000000"}, liveRoot}
	as := func(key aws.Credentials, owner dataset.Owner) *follower { return &follower{t, owner, key} }
	cut := func(k aws.Credentials) aws.Credentials {
		k.SessionToken = k.SessionToken[:len(k.SessionToken)-4]
		return k
	}
	now := time.Now()
	good := alice.presigned(s, "dataset=notes")
	expired := request(t, alice.stale(s, now.Add(-11*time.Minute)))
	unsignedHeader := alice.signed(s, alice.path()+"?dataset=notes", now)
	unsignedHeader.Header.Set("X-Amz-Target", "x")
	post := request(t, good)
	post.Method = "POST"
	socket := request(t, s.URL()+alice.path()+"?dataset=notes")
	socket.Header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		code   string
	}{
		"allowed":                        {request(t, good), 200, ""},
		"allowed, signed in headers":     {alice.signed(s, alice.path()+"?dataset=notes", now), 200, ""},
		"the account's":                  {request(t, root.presigned(s, "")), 200, ""},
		"not signed":                     {request(t, s.URL()+alice.path()+"?dataset=notes"), 403, "MissingAuthenticationTokenException"},
		"a WebSocket that is not":        {socket, 403, "MissingAuthenticationTokenException"},
		"another dataset than signed":    {request(t, strings.Replace(good, "dataset=notes", "dataset=other", 1)), 403, ""},
		"one dataset more":               {request(t, good+"&dataset=other"), 403, ""},
		"one dataset less":               {request(t, strings.Replace(good, "dataset=notes&", "", 1)), 403, ""},
		"signed for another method":      {post, 404, "UnknownOperationException"},
		"expired address":                {expired, 403, ""},
		"an old signature":               {alice.signed(s, alice.path()+"?dataset=notes", now.Add(-6*time.Minute)), 403, ""},
		"a header that is not signed":    {unsignedHeader, 403, ""},
		"a cut session token":            {request(t, as(cut(alice.key), alice.owner).presigned(s, "dataset=notes")), 403, ""},
		"another identity":               {request(t, as(bob.key, alice.owner).presigned(s, "dataset=notes")), 403, "NotAuthorizedException"},
		"another pool":                   {request(t, as(alice.key, dataset.Owner{Pool: "us-east-1:x", Identity: alice.owner.Identity}).presigned(s, "dataset=notes")), 403, "NotAuthorizedException"},
		"a dataset that is denied":       {request(t, alice.presigned(s, "dataset=notes&dataset=other")), 403, "NotAuthorizedException"},
		"all datasets":                   {request(t, alice.presigned(s, "")), 403, "NotAuthorizedException"},
		"an identity that is not":        {request(t, nobody.presigned(s, "")), 404, "ResourceNotFoundException"},
		"a name that no dataset has":     {request(t, root.presigned(s, "dataset=a%2Fb")), 400, "InvalidParameterException"},
		"a wildcard":                     {request(t, root.presigned(s, "dataset=%2A")), 400, "InvalidParameterException"},
		"an empty name":                  {request(t, root.presigned(s, "dataset=")), 400, "InvalidParameterException"},
		"too many names":                 {request(t, root.presigned(s, manyNames())), 400, "InvalidParameterException"},
		"a path that is cleaned":         {alice.signed(s, strings.Replace(alice.path(), "/identities/", "/x/../identities/", 1)+"?dataset=notes", now), 404, ""},
		"a slash within the identity":    {alice.signed(s, strings.Replace(alice.path(), "/live", "%2Flive", 1), now), 400, "InvalidParameterException"},
		"another identity, by an escape": {as(alice.key, alice.owner).signed(s, strings.Replace(alice.path(), "/live", "%2F..%2F"+url.PathEscape(string(bob.owner.Identity))+"/live", 1)+"?dataset=notes", now), 403, ""},
	} {
		status, code := refusal(t, c.r)
		if status != c.status || c.code != "" && !strings.HasPrefix(code, c.code) && code != strings.TrimSuffix(c.code, "Exception") {
			t.Errorf("%s: %d %s, want %d %s", name, status, code, c.status, c.code)
		}
	}
}

func manyNames() string {
	var q []string
	for i := range 101 {
		q = append(q, "dataset=d"+strconv.Itoa(i))
	}
	return strings.Join(q, "&")
}

// stale is an address that was signed at some time.
func (f *follower) stale(s *server.Server, at time.Time) string {
	f.t.Helper()
	signed, _, err := v4.NewSigner().PresignHTTP(f.t.Context(), f.key, request(f.t, s.URL()+f.path()+"?dataset=notes&X-Amz-Expires=600"), sigv4.EmptyHash, "cognito-sync", demodata.Region, at)
	if err != nil {
		f.t.Fatal(err)
	}
	return signed
}

// What allowed a connection must go on to hold while it is open.
func TestFollowEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(t *testing.T, s *server.Server, f *follower) error
		reason live.Reason
	}{
		"sessions of the role are revoked": {func(t *testing.T, s *server.Server, f *follower) error {
			return s.STS.RevokeSessions(t.Context(), demodata.GuestRole)
		}, live.Revoked},
		"the policy changes": {func(t *testing.T, s *server.Server, f *follower) error {
			return s.STS.PutRolePolicy(t.Context(), demodata.GuestRole, "demo", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)
		}, live.Revoked},
		"the identity is deleted": {func(t *testing.T, s *server.Server, f *follower) error {
			return s.Identity.DeleteIdentity(t.Context(), identity.ID(f.owner.Identity))
		}, live.Revoked},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, servertest.Embedded, servertest.Options{Demo: true, Edit: func(c *server.Config) { c.LiveTick = 5 * time.Millisecond }})
			f, other := newFollower(t, s), newFollower(t, s)
			stays := &follower{t, other.owner, liveRoot}
			st, kept := f.open(s, "", "").ready(), stays.open(s, "", "").ready()
			if err := c.end(t, s, f); err != nil {
				t.Fatal(err)
			}
			st.want("bye", `{"reason":"`+string(c.reason)+`"}`)
			st.want("end", "")
			other.write(s, "notes", "phone")
			kept.want("change", changeData("notes", 1, "phone", false))
		})
	}
}

func TestFollowEndsWithItsCredentials(t *testing.T) {
	var later atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	s := servertest.Start(t, servertest.Embedded, servertest.Options{Demo: true, Now: now, Edit: func(c *server.Config) { c.LiveTick = 5 * time.Millisecond }})
	f := newFollower(t, s)
	st := f.open(s, "", "").ready()
	later.Store(int64(time.Hour + time.Second))
	st.want("bye", `{"reason":"credentials expired"}`)
	st.want("end", "")
}

func TestTooManyFollow(t *testing.T) {
	s := servertest.Start(t, servertest.Embedded, servertest.Options{Demo: true, Edit: func(c *server.Config) { c.LiveConnections = live.MaxOfOwner + 1 }})
	f, other := newFollower(t, s), newFollower(t, s)
	for range live.MaxOfOwner {
		f.open(s, "", "").ready()
	}
	if status, code := refusal(t, request(t, f.presigned(s, ""))); status != 429 || code != "TooManyRequestsException" {
		t.Errorf("of an identity: %d %s", status, code)
	}
	other.open(s, "", "").ready()
	if status, _ := refusal(t, request(t, other.presigned(s, ""))); status != 503 {
		t.Errorf("of the node: %d", status)
	}
	resp, err := http.Get(s.URL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if want := "\npoolhouse_live_connections " + strconv.Itoa(live.MaxOfOwner+1) + "\n"; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("metrics without %q, %v", want, err)
	}
}
