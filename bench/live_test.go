package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolhouse/poolhouse/internal/awsapi/sigv4"
	"github.com/poolhouse/poolhouse/internal/demodata"
	"github.com/poolhouse/poolhouse/server"
	"github.com/poolhouse/poolhouse/server/servertest"
	sts "github.com/poolhouse/poolhouse/sts/identity"
)

// What the server's own process is told: its configuration, and how many identities
// to make.
const (
	liveConfig = "BENCH_LIVE_CONFIG"
	liveSize   = "BENCH_LIVE"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(liveConfig); text != "" {
		if err := liveServer(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// A liveWorld is what the server's process tells the benchmark.
type liveWorld struct {
	URL       string
	Followers []follower
}

// A follower is an identity with its credentials.
type follower struct {
	Identity string
	Key      aws.Credentials
}

// liveServer serves until its standard input ends.
func liveServer(text string) error {
	var cfg server.Config
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return err
	}
	cfg.RootAccessKeyID, cfg.RootSecretAccessKey = servertest.RootAccessKeyID, servertest.RootSecretAccessKey
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s, err := server.OpenDemo(ctx, cfg, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		return err
	}
	w := liveWorld{URL: s.URL()}
	for range cfg.LiveConnections {
		id, err := s.Identity.GetID(ctx, demodata.IdentityPool, nil, "127.0.0.1")
		if err != nil {
			return err
		}
		c, err := s.Identity.Credentials(ctx, sts.CredentialsRequest{Visitor: sts.Visitor{Identity: id, Source: "127.0.0.1"}})
		if err != nil {
			return err
		}
		w.Followers = append(w.Followers, follower{string(id), aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}})
	}
	if err := json.NewEncoder(os.Stdout).Encode(w); err != nil {
		return err
	}
	w = liveWorld{}
	debug.FreeOSMemory()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	return s.Serve(ctx)
}

// What it costs that 10,000 identities (or as many as BENCH_LIVE says) follow their
// datasets, each over a connection of its own, and how soon they hear of a change:
// from the moment that the writer sends its request. Metrics: resident memory of the
// server before the connections and with them, once each had a sign of life; delays
// of single changes; delays while 16 writers change as fast as they can.
func BenchmarkLiveChanges(b *testing.B) {
	for _, p := range []servertest.Profile{servertest.Embedded, servertest.Shared} {
		b.Run(string(p), func(b *testing.B) {
			n := sizes(b, liveSize, 0, 10_000)[1]
			cfg := servertest.Config(b, p)
			cfg.RateLimits, cfg.LiveConnections = "off", n
			r := startLive(b, cfg)
			before := r.resident()
			r.follow()
			with := r.resident()
			for b.Loop() {
				r.report("single", r.changes(1, 300))
				r.report("busy", r.changes(16, 3000))
			}
			b.ReportMetric(before, "MB-before")
			b.ReportMetric(with, "MB-with-all")
			b.ReportMetric((with-before)*1024/float64(n), "KB/client")
			b.ReportMetric(r.resident(), "MB-afterwards")
			b.ReportMetric(0, "ns/op") // says nothing here
		})
	}
}

// A liveRig is the server's process and the clients in this one.
type liveRig struct {
	*testing.B
	liveWorld
	process *exec.Cmd
	heard   []chan struct{} // by follower: an event
	alive   sync.WaitGroup  // a sign of life of each
	client  *http.Client
}

func startLive(b *testing.B, cfg server.Config) *liveRig {
	b.Helper()
	text, err := json.Marshal(cfg)
	if err != nil {
		b.Fatal(err)
	}
	r := &liveRig{B: b, process: exec.Command(os.Args[0]), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}}
	r.process.Env = append(os.Environ(), liveConfig+"="+string(text))
	r.process.Stderr = os.Stderr
	in, err := r.process.StdinPipe()
	r.must(err)
	out, err := r.process.StdoutPipe()
	r.must(err)
	r.must(r.process.Start())
	b.Cleanup(func() {
		in.Close()
		_ = r.process.Wait()
	})
	r.must(json.NewDecoder(out).Decode(&r.liveWorld))
	return r
}

func (r *liveRig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// resident returns the resident memory of the server in MB.
func (r *liveRig) resident() float64 {
	r.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.process.Process.Pid))
	r.must(err)
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	r.must(err)
	return kb / 1024
}

func (f *follower) path() string {
	return "/identitypools/" + url.PathEscape(demodata.IdentityPool) + "/identities/" + url.PathEscape(f.Identity)
}

// follow opens all connections and waits until the server showed on each that it is
// alive.
func (r *liveRig) follow() {
	r.Helper()
	next := make(chan int)
	var opening sync.WaitGroup
	r.heard = make([]chan struct{}, len(r.Followers))
	r.alive.Add(len(r.Followers))
	for range 32 {
		opening.Go(func() {
			for i := range next {
				r.heard[i] = make(chan struct{}, 100)
				if err := r.connect(i); err != nil {
					r.Error(err)
					r.alive.Done()
				}
			}
		})
	}
	for i := range r.Followers {
		next <- i
	}
	close(next)
	opening.Wait()
	r.alive.Wait()
}

// connect opens one connection, without net/http: 10,000 of its clients would slow
// down what is measured.
func (r *liveRig) connect(i int) error {
	f := &r.Followers[i]
	req, err := http.NewRequest("GET", r.URL+f.path()+"/live?X-Amz-Expires=3600", nil)
	if err != nil {
		return err
	}
	address, _, err := v4.NewSigner().PresignHTTP(context.Background(), f.Key, req, sigv4.EmptyHash, "cognito-sync", demodata.Region, time.Now())
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", req.URL.Host)
	if err != nil {
		return err
	}
	r.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", strings.TrimPrefix(address, r.URL), req.URL.Host); err != nil {
		return err
	}
	started := make(chan error, 1)
	go r.read(bufio.NewReaderSize(conn, 1024), r.heard[i], started)
	return <-started
}

// read notes what comes: the position, a sign of life, changes.
func (r *liveRig) read(in *bufio.Reader, heard chan<- struct{}, started chan<- error) {
	status, alive := "", sync.OnceFunc(r.alive.Done)
	for {
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			started <- fmt.Errorf("%s: %w", status, err)
			return
		case status == "":
			status = line
		case strings.HasPrefix(line, "id:"):
			select {
			case started <- nil:
			default:
			}
		case strings.HasPrefix(line, "event: change"):
			heard <- struct{}{}
		case strings.HasPrefix(line, ":"):
			alive()
		}
	}
}

// changes has writers change n datasets of random followers, and returns how long it
// took each follower to hear of it.
func (r *liveRig) changes(writers, n int) []time.Duration {
	var mu sync.Mutex
	var delays []time.Duration
	var all sync.WaitGroup
	next := make(chan int)
	for range writers {
		all.Go(func() {
			for i := range next {
				d, err := r.change(i)
				if err != nil {
					r.Error(err)
				}
				mu.Lock()
				delays = append(delays, d)
				mu.Unlock()
			}
		})
	}
	for _, i := range rand.Perm(len(r.Followers))[:min(n, len(r.Followers))] {
		next <- i
	}
	close(next)
	all.Wait()
	return delays
}

// change writes to a dataset that nobody wrote to before, with the root key, and waits
// until its follower hears of it.
func (r *liveRig) change(i int) (time.Duration, error) {
	name := fmt.Sprint("d", rand.Int32())
	var listed struct{ SyncSessionToken string }
	if err := r.call("GET", i, "/datasets/"+name+"/records", nil, &listed); err != nil {
		return 0, err
	}
	start := time.Now()
	done := make(chan time.Duration, 1)
	go func() {
		select {
		case <-r.heard[i]:
			done <- time.Since(start)
		case <-time.After(10 * time.Second):
			done <- -1
		}
	}()
	in := obj{"SyncSessionToken": listed.SyncSessionToken, "DeviceId": "phone", "RecordPatches": []obj{{"Op": "replace", "Key": "k", "Value": "v", "SyncCount": 0}}}
	if err := r.call("POST", i, "/datasets/"+name, in, &struct{}{}); err != nil {
		return 0, err
	}
	d := <-done
	if d < 0 {
		return d, fmt.Errorf("follower %d did not hear of a change", i)
	}
	return d, nil
}

func (r *liveRig) call(method string, i int, path string, in, out any) error {
	var body []byte
	if in != nil {
		body, _ = json.Marshal(in)
	}
	req, err := http.NewRequest(method, r.URL+r.Followers[i].path()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	root := aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
	if err := v4.NewSigner().SignHTTP(context.Background(), root, req, hashOf(body), "cognito-sync", demodata.Region, time.Now()); err != nil {
		return err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 200 {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

func (r *liveRig) report(name string, delays []time.Duration) {
	slices.Sort(delays)
	at := func(q float64) float64 {
		return float64(delays[int(q*float64(len(delays)-1))].Microseconds()) / 1000
	}
	r.ReportMetric(at(.5), name+"-p50-ms")
	r.ReportMetric(at(.99), name+"-p99-ms")
	r.ReportMetric(at(1), name+"-max-ms")
}
