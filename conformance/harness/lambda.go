package harness

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Lambda runs one function as AWS Lambda does: it serves the runtime API, from
// which the function's process takes events and to which it gives answers, and the
// invoke API, by which others call the function. A process that ended is started
// again with the next event.
type Lambda struct {
	URL string // of the invoke API

	t       testing.TB
	binary  string
	runtime string // address of the runtime API
	next    chan *invocation

	mu      sync.Mutex
	process *exec.Cmd
	open    map[string]*invocation
	log     Log
}

// An invocation is an event on its way through the function.
type invocation struct {
	id    string
	event []byte
	done  chan result // one of them
}

type result struct {
	body   []byte
	failed bool
}

// RunLambda builds the function of a package, for instance
// ./conformance/triggers/function, and runs it until the test ends.
func RunLambda(t testing.TB, pkg string) *Lambda {
	t.Helper()
	l := &Lambda{t: t, binary: t.TempDir() + "/function", next: make(chan *invocation), open: map[string]*invocation{}}
	build := exec.Command("go", "build", "-o", l.binary, pkg)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inner, outer := http.NewServeMux(), http.NewServeMux()
	inner.HandleFunc("GET /2018-06-01/runtime/invocation/next", l.serveNext)
	inner.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", l.serveResult(false))
	inner.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", l.serveResult(true))
	outer.HandleFunc("POST /2015-03-31/functions/{name}/invocations", l.serveInvoke)
	runtime, invoke := httptest.NewServer(inner), httptest.NewServer(outer)
	l.runtime, l.URL = strings.TrimPrefix(runtime.URL, "http://"), invoke.URL
	t.Cleanup(func() {
		l.kill()
		invoke.CloseClientConnections()
		invoke.Close()
		runtime.CloseClientConnections()
		runtime.Close()
		if t.Failed() {
			t.Logf("function log:\n%s", &l.log)
		}
	})
	return l
}

// serveInvoke is the invoke API.
func (l *Lambda) serveInvoke(w http.ResponseWriter, r *http.Request) {
	event, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	i := &invocation{id: rand.Text(), event: event, done: make(chan result, 1)}
	l.mu.Lock()
	l.open[i.id] = i
	l.mu.Unlock()
	if err := l.ensureProcess(); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	select {
	case l.next <- i:
	case <-r.Context().Done():
		return
	}
	select {
	case res := <-i.done:
		if res.failed {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
		}
		_, _ = w.Write(res.body)
	case <-r.Context().Done():
	}
}

// serveNext gives the function its next event, when there is one.
func (l *Lambda) serveNext(w http.ResponseWriter, r *http.Request) {
	select {
	case i := <-l.next:
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+Region+":"+Account+":function:function")
		_, _ = w.Write(i.event)
	case <-r.Context().Done():
	}
}

// serveResult takes what the function made of an event.
func (l *Lambda) serveResult(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		l.settle(r.PathValue("id"), result{body, failed})
		w.WriteHeader(http.StatusAccepted)
	}
}

func (l *Lambda) settle(id string, res result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := l.open[id]; i != nil {
		delete(l.open, id)
		i.done <- res
	}
}

// ensureProcess starts the function where it does not run.
func (l *Lambda) ensureProcess() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.process != nil {
		return nil
	}
	p := exec.Command(l.binary)
	p.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+l.runtime)
	p.Stdout, p.Stderr = &l.log, &l.log
	if err := p.Start(); err != nil {
		return err
	}
	l.process = p
	go l.watch(p)
	return nil
}

// watch fails what was under way when the function's process ends.
func (l *Lambda) watch(p *exec.Cmd) {
	err := p.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.process = nil
	for id, i := range l.open {
		delete(l.open, id)
		text := fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %v", id, cmp.Or(err, errors.New("exit status 0")))
		body, _ := json.Marshal(map[string]string{"errorType": "Runtime.ExitError", "errorMessage": text})
		i.done <- result{body, true}
	}
}

func (l *Lambda) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.process != nil {
		_ = l.process.Process.Kill() // it may have ended by itself
	}
}
