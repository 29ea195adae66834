package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	"github.com/poolhouse/poolhouse/sync/dataset"
)

// eachPair runs a test on two nodes: on PostgreSQL with Redis, and on it alone.
func eachPair(t *testing.T, run func(t *testing.T, cfg server.Config, one, two *server.Server)) {
	for name, edit := range map[string]func(*server.Config){"redis": nil, "postgres": func(c *server.Config) { c.RedisURL = "" }} {
		t.Run(name, func(t *testing.T) {
			cfg := servertest.Config(t, servertest.Shared)
			start := func(o servertest.Options) *server.Server {
				s, stop := servertest.Open(t, cfg, o)
				t.Cleanup(stop)
				return s
			}
			if edit != nil {
				edit(&cfg)
			}
			one := start(servertest.Options{Demo: true})
			run(t, cfg, one, start(servertest.Options{}))
		})
	}
}

// A client hears of what is written at another node, and goes on there.
func TestFollowAcrossNodes(t *testing.T) {
	eachPair(t, func(t *testing.T, _ server.Config, one, two *server.Server) {
		f := newFollower(t, one)
		st := f.open(one, "", "").ready()
		f.write(two, "notes", "phone")
		st.want("change", changeData("notes", 1, "phone", false))
		f.write(one, "notes", "tablet")
		f.write(two, "other", "phone")
		moved := f.open(two, "", st.last)
		moved.want("change", changeData("notes", 2, "tablet", false))
		moved.want("change", changeData("other", 1, "phone", false))
		f.write(one, "notes", "laptop")
		st.want("change", changeData("notes", 2, "tablet", false))
		st.want("change", changeData("other", 1, "phone", false))
		for _, st := range []*stream{st, moved} {
			st.want("change", changeData("notes", 3, "laptop", false))
		}
	})
}

// 50 writers at two nodes, and clients at both that leave and come back at the other:
// each hears every change once, in the order of the counts.
func TestFollowManyWriters(t *testing.T) {
	eachPair(t, func(t *testing.T, _ server.Config, one, two *server.Server) {
		const writers, each = 50, 4
		nodes := []*server.Server{one, two}
		f := newFollower(t, one)
		clients := []*stream{f.open(one, "", "").ready(), f.open(two, "", "").ready()}
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() { f.writeAll(nodes, fmt.Sprint("k", i), each) })
		}
		for i, st := range clients {
			all.Go(func() {
				for count := 1; count <= writers*each; count++ {
					if e := st.next(); e != (event{"change", e.id, changeData("notes", count, "phone", false)}) {
						t.Errorf("client %d: %+v, want count %d", i, e, count)
						return
					}
					if count%40 == 0 {
						st = f.open(nodes[(i+count/40)%2], "", st.last)
					}
				}
			})
		}
		all.Wait()
	})
}

// writeAll changes a record of the writer's own, in turn at the nodes.
func (f *follower) writeAll(nodes []*server.Server, key string, times int) {
	l, err := nodes[0].Datasets.ListRecords(f.t.Context(), dataset.ListInput{Owner: f.owner, Dataset: "notes"})
	if err != nil {
		f.t.Error(err)
		return
	}
	p := dataset.Patch{Key: key, Value: "v"}
	for n := range times {
		records, err := nodes[n%len(nodes)].Datasets.UpdateRecords(f.t.Context(), dataset.UpdateInput{Owner: f.owner, Dataset: "notes", Device: "phone",
			SessionToken: l.SessionToken, Patches: []dataset.Patch{p}})
		if err != nil {
			f.t.Error(err)
			return
		}
		p.SyncCount = records[0].SyncCount()
	}
}

// A stop tells every client and does not wait for one that stays; what was open is in
// the audit log once.
func TestStopTellsFollowers(t *testing.T) {
	cfg := servertest.Config(t, servertest.Embedded)
	cfg.AuditFile = filepath.Join(t.TempDir(), "audit.log")
	ca := newAuthority(t)
	cfg.TLSCert, cfg.TLSKey = ca.files("server")
	s, stop := servertest.Open(t, cfg, servertest.Options{Demo: true})
	f := newFollower(t, s)
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	client := func(h2 bool) *http.Client {
		return &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: h2, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	}
	one, two := openStream(t, client(false), request(t, f.presigned(s, ""))).ready(), openStream(t, client(true), request(t, f.presigned(s, ""))).ready()
	socket, _, err := websocket.Dial(t.Context(), f.presigned(s, ""), &websocket.DialOptions{HTTPClient: client(false)})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.CloseNow()
	closed := make(chan error, 1)
	go func() {
		for {
			if _, _, err := socket.Read(t.Context()); err != nil {
				closed <- err
				return
			}
		}
	}()
	f.write(s, "notes", "phone")
	for _, st := range []*stream{one, two} {
		st.want("change", changeData("notes", 1, "phone", false))
	}
	start := time.Now()
	stop()
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("the stop took %v", d)
	}
	for _, st := range []*stream{one, two} {
		st.want("bye", `{"reason":"server stops"}`)
		st.want("end", "")
	}
	if err := <-closed; websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Error(err)
	}
	text, err := os.ReadFile(cfg.AuditFile)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"FollowDatasets"`); n != 3 {
		t.Errorf("%d openings are in the audit log", n)
	}
	if strings.Contains(string(text), f.key.SessionToken) || !strings.Contains(string(text), string(f.owner.Identity)) {
		t.Error("the audit log has a session token, or not the identity")
	}
}
