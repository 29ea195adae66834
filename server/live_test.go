package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/coder/websocket"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/sts/identity"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// A follower is an identity with its credentials.
type follower struct {
	t     *testing.T
	owner dataset.Owner
	key   aws.Credentials
}

// newFollower makes a guest of the demo's identity pool, who may list records.
func newFollower(t *testing.T, s *server.Server) *follower {
	t.Helper()
	id, err := s.Identity.GetID(t.Context(), demodata.IdentityPool, nil, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Identity.Credentials(t.Context(), identity.CredentialsRequest{Visitor: identity.Visitor{Identity: id, Source: "127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	return &follower{t, dataset.Owner{Pool: demodata.IdentityPool, Identity: dataset.IdentityID(id)},
		aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}}
}

// path is where the owner's changes are.
func (f *follower) path() string {
	return "/identitypools/" + url.PathEscape(string(f.owner.Pool)) + "/identities/" + url.PathEscape(string(f.owner.Identity)) + "/live"
}

// presigned returns the address of the changes, signed in its query.
func (f *follower) presigned(s *server.Server, query string) string {
	f.t.Helper()
	r, err := http.NewRequest("GET", s.URL()+f.path()+"?"+strings.TrimPrefix(query+"&X-Amz-Expires=600", "&"), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	signed, _, err := v4.NewSigner().PresignHTTP(f.t.Context(), f.key, r, sigv4.EmptyHash, "cognito-sync", demodata.Region, time.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	return signed
}

// write changes a record of a dataset.
func (f *follower) write(s *server.Server, name, device string) {
	f.t.Helper()
	ctx := f.t.Context()
	l, err := s.Datasets.ListRecords(ctx, dataset.ListInput{Owner: f.owner, Dataset: name})
	if err != nil {
		f.t.Fatal(err)
	}
	p := dataset.Patch{Key: "k", Value: "v"}
	if len(l.Records) > 0 {
		p.SyncCount = l.Records[0].SyncCount()
	}
	in := dataset.UpdateInput{Owner: f.owner, Dataset: name, Device: device, SessionToken: l.SessionToken, Patches: []dataset.Patch{p}}
	if _, err := s.Datasets.UpdateRecords(ctx, in); err != nil {
		f.t.Fatal(err)
	}
}

// An event is what a client got.
type event struct{ kind, id, data string }

// A stream is an open connection, read in the background.
type stream struct {
	t      *testing.T
	events chan event // closed at the end
	last   string     // ID, as a browser keeps it
}

// open follows the owner's changes over Server-Sent Events.
func (f *follower) open(s *server.Server, query, last string) *stream {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), "GET", f.presigned(s, query), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	return openStream(f.t, http.DefaultClient, r)
}

func openStream(t *testing.T, c *http.Client, r *http.Request) *stream {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("X-Accel-Buffering") != "no" ||
		resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	st := &stream{t: t, events: make(chan event, 1000)}
	go func() {
		defer close(st.events)
		var e event
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.kind = value
			case "data":
				e.data = value
			case "":
				st.events <- e
				e = event{}
			}
		}
	}()
	return st
}

// next returns the next event but blocks without data, which a browser hides.
func (st *stream) next() event {
	st.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e, ok := <-st.events:
			if !ok {
				return event{kind: "end"}
			}
			if e.id != "" {
				st.last = e.id
			}
			if e.kind != "" {
				return e
			}
		case <-deadline:
			st.t.Fatal("no event")
		}
	}
}

// ready waits until the server told where the stream begins.
func (st *stream) ready() *stream {
	st.t.Helper()
	deadline := time.After(20 * time.Second)
	for st.last == "" {
		select {
		case e, ok := <-st.events:
			if !ok {
				st.t.Fatal("it ended")
			}
			st.last = e.id
		case <-deadline:
			st.t.Fatal("no position")
		}
	}
	return st
}

// want takes one event.
func (st *stream) want(kind, data string) event {
	st.t.Helper()
	e := st.next()
	if e.kind != kind || data != "" && e.data != data {
		st.t.Fatalf("got %+v, want %s %s", e, kind, data)
	}
	return e
}

func changeData(name string, count int, by string, deleted bool) string {
	text, _ := json.Marshal(struct {
		A string `json:"datasetName"`
		B int    `json:"syncCount"`
		C string `json:"lastModifiedBy"`
		D bool   `json:"deleted"`
	}{name, count, by, deleted})
	return string(text)
}

func TestFollow(t *testing.T) {
	servertest.Each(t, func(t *testing.T, p servertest.Profile) {
		s := servertest.Start(t, p, servertest.Options{Demo: true})
		f := newFollower(t, s)
		all := f.open(s, "", "").ready()
		one := f.open(s, "dataset=a%3Ab&dataset=c", "").ready()
		begin := all.last
		f.write(s, "notes", "phone")
		f.write(s, "a:b", "tab\nlet")
		all.want("change", changeData("notes", 1, "phone", false))
		middle := all.last
		all.want("change", changeData("a:b", 1, "tab\nlet", false))
		one.want("change", changeData("a:b", 1, "tab\nlet", false))
		if _, err := s.Datasets.DeleteDataset(t.Context(), f.owner, "notes"); err != nil {
			t.Fatal(err)
		}
		all.want("change", changeData("notes", 2, "", true))

		again := f.open(s, "", middle)
		again.want("change", changeData("a:b", 1, "tab\nlet", false))
		again.want("change", changeData("notes", 2, "", true))
		again = f.open(s, "dataset=notes&lastEventId="+url.QueryEscape(begin), "")
		again.want("change", changeData("notes", 1, "phone", false))
		again.want("change", changeData("notes", 2, "", true))
		f.open(s, "", "never").want("reset", "{}")
		f.write(s, "c", "phone")
		for _, st := range []*stream{all, one} {
			st.want("change", changeData("c", 1, "phone", false))
		}
	})
}

func TestFollowByWebSocket(t *testing.T) {
	s := servertest.Start(t, servertest.Embedded, servertest.Options{Demo: true})
	f := newFollower(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	open := func(query string) func() map[string]any {
		t.Helper()
		c, _, err := websocket.Dial(ctx, f.presigned(s, query), &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://elsewhere.example"}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.CloseNow() })
		return func() map[string]any {
			t.Helper()
			_, text, err := c.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var m map[string]any
			if err := json.Unmarshal(text, &m); err != nil {
				t.Fatal(err)
			}
			return m
		}
	}
	next := open("")
	begin := next()
	if begin["type"] != "position" || begin["id"] == "" {
		t.Fatalf("%v", begin)
	}
	f.write(s, "notes", "phone")
	again := open("lastEventId=" + begin["id"].(string))
	for _, got := range []map[string]any{next(), again()} {
		if got["type"] != "change" || got["datasetName"] != "notes" || got["syncCount"] != 1.0 || got["lastModifiedBy"] != "phone" ||
			got["deleted"] != false || got["id"] == "" {
			t.Errorf("%v", got)
		}
	}
	if got := open("lastEventId=never")(); got["type"] != "reset" || got["id"] == "" {
		t.Errorf("%v", got)
	}
}
