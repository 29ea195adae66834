package redisstore_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/store/redisstore/redisstoretest"
)

func TestOpen(t *testing.T) {
	if err := redisstoretest.Open(t, time.Now).Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesURLs(t *testing.T) {
	for url, want := range map[string]string{
		"http://127.0.0.1:1":                              "scheme",
		"redis+ring://127.0.0.1:1":                        "ring",
		"redis+sentinel://127.0.0.1:1":                    "master_name",
		"redis://127.0.0.1:1?no_such_option=1":            "no_such_option",
		"redis+cluster://:hunter2@127.0.0.1:1?nonsense=1": "nonsense",
		"redis://:hunter2@127.0.0.1:1\x7f":                "malformed",
		"redis://:hunter2@127.0.0.1:1?db=x":               "database",
	} {
		db, err := redisstore.Open(context.Background(), url, time.Now)
		if err == nil {
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// A server whose INFO is made up stands in for a Redis that is set up badly.
func TestOpenChecksSettings(t *testing.T) {
	ctx := context.Background()
	evicting := serveInfo(t, "maxmemory_policy:allkeys-lru\r\naof_enabled:1\r\n")
	if _, err := redisstore.Open(ctx, evicting, time.Now); err == nil || !strings.Contains(err.Error(), "noeviction") {
		t.Errorf("evicting: %v", err)
	}
	for info, warnings := range map[string]int{
		"maxmemory_policy:noeviction\r\naof_enabled:0\r\n": 1,
		"maxmemory_policy:noeviction\r\naof_enabled:1\r\n": 0,
	} {
		db, err := redisstore.Open(ctx, serveInfo(t, info), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if got := db.Warnings(); len(got) != warnings {
			t.Errorf("%q: warnings %q", info, got)
		}
		db.Close()
	}
}

// serveInfo answers INFO with a text and everything else with an error.
func serveInfo(t *testing.T, info string) (url string) {
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
			go answerInfo(c, info)
		}
	}()
	return "redis://" + l.Addr().String() + "?protocol=2"
}

func answerInfo(c net.Conn, info string) {
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
		if command == "info" {
			fmt.Fprintf(c, "$%d\r\n%s\r\n", len(info), info)
		} else {
			fmt.Fprint(c, "-ERR unknown command\r\n")
		}
	}
}
