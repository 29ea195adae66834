package redisstore_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/store/redisstore/redisrig"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
)

func TestOpen(t *testing.T) {
	if err := redisstoretest.Open(t, time.Now).Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesURLs(t *testing.T) {
	for url, want := range map[string]string{
		"http://127.0.0.1:1":                                           "scheme",
		"redis+ring://127.0.0.1:1":                                     "ring",
		"redis+sentinel://127.0.0.1:1":                                 "master_name",
		"redis://127.0.0.1:1?no_such_option=1":                         "no_such_option",
		"redis+cluster://:hunter2@127.0.0.1:1?nonsense=1":              "nonsense",
		"redis://:hunter2@127.0.0.1:1\x7f":                             "malformed",
		"redis://:hunter2@127.0.0.1:1?db=x":                            "database",
		"redis://":                                                     "names no server",
		"unix://":                                                      "names no server",
		"unix+cluster:///tmp/redis.sock":                               "scheme",
		"redis://127.0.0.1:1?prefix={x}":                               "braces",
		"redis+cluster://127.0.0.1:1?read_only=true":                   "replicas",
		"redis+sentinel://127.0.0.1:1?master_name=m&replica_only=true": "replicas",
	} {
		err := redisstore.CheckURL(url)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// A server whose INFO is made up stands in for a Redis that is set up badly.
func TestOpenChecksSettings(t *testing.T) {
	const fit = "maxmemory_policy:noeviction\r\nmaster_replid:ab\r\n"
	for _, tt := range []struct{ info, fsync, refused, warned string }{
		{info: "maxmemory_policy:allkeys-lru\r\nmaster_replid:ab\r\naof_enabled:1\r\n", refused: "noeviction"},
		{info: "maxmemory_policy:noeviction\r\naof_enabled:1\r\n", refused: "master_replid"},
		{info: fit + "aof_enabled:0\r\n", fsync: "always", warned: "no append-only file"},
		{info: fit + "aof_enabled:1\r\n", fsync: "everysec", warned: "appendfsync everysec"},
		{info: fit + "aof_enabled:1\r\n", warned: "does not show its appendfsync"},
		{info: fit + "aof_enabled:1\r\n", fsync: "always"},
		{info: fit + "aof_enabled:1\r\nconnected_slaves:1\r\n", fsync: "always", warned: "min-replicas-to-write"},
		{info: fit + "aof_enabled:1\r\nconnected_slaves:1\r\nmin_slaves_good_slaves:1\r\n", fsync: "always"},
		{info: fit + "aof_enabled:1\r\nconnected_slaves:0\r\n", fsync: "always"},
	} {
		db, err := redisstore.Open(context.Background(), serveInfo(t, tt.info, tt.fsync), time.Now)
		if tt.refused != "" {
			if err == nil || !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("%q: %v, want %q", tt.info, err, tt.refused)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(db.Warnings(), "; ")
		if tt.warned == "" && got != "" || !strings.Contains(got, tt.warned) || strings.Contains(got, ";  ") {
			t.Errorf("%q: warnings %q, want %q", tt.info, got, tt.warned)
		}
		db.Close()
	}
}

// TestOpenChecksEveryMaster: one that evicts is enough to be refused.
func TestOpenChecksEveryMaster(t *testing.T) {
	c, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	ctx, last := context.Background(), c.Masters[2]
	if err := last.Do(ctx, "CONFIG", "SET", "maxmemory-policy", "volatile-ttl").Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { last.Do(ctx, "CONFIG", "SET", "maxmemory-policy", "noeviction") })
	if _, err := redisstore.Open(ctx, c.URL(), time.Now); err == nil || !strings.Contains(err.Error(), "volatile-ttl") {
		t.Errorf("got %v", err)
	}
}

func TestOpenSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	server, err := redisrig.Alone(t.TempDir(), "--unixsocket", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	if err := redisstoretest.OpenURL(t, "unix://"+socket+"?db=3", time.Now).Ping(context.Background()); err != nil {
		t.Error(err)
	}
}

// serveInfo answers INFO with a text, CONFIG GET appendfsync with fsync if there is one,
// and everything else with an error.
func serveInfo(t *testing.T, info, fsync string) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerInfo(c, info, fsync)
		}
	}()
	return "redis://" + l.Addr().String() + "?protocol=2"
}

func answerInfo(c net.Conn, info, fsync string) {
	defer c.Close()
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		var args int
		if _, err := fmt.Sscanf(lines.Text(), "*%d", &args); err != nil {
			return
		}
		command := ""
		for i := range args {
			lines.Scan() // the length
			lines.Scan()
			if i == 0 {
				command = strings.ToLower(lines.Text())
			}
		}
		switch {
		case command == "info":
			fmt.Fprintf(c, "$%d\r\n%s\r\n", len(info), info)
		case command == "config" && fsync != "":
			fmt.Fprintf(c, "*2\r\n$11\r\nappendfsync\r\n$%d\r\n%s\r\n", len(fsync), fsync)
		default:
			fmt.Fprint(c, "-ERR unknown command\r\n")
		}
	}
}
