package redisstore

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// defaultPrefix stands before every key, so that a Redis can be shared.
const defaultPrefix = "poolhouse:"

// CheckURL reports whether Open could take a URL; it connects to nobody.
func CheckURL(rawURL string) error {
	client, _, err := connect(rawURL)
	if err != nil {
		return err
	}
	return client.Close()
}

// connect returns a client for a URL in one of the forms of Open. Its errors never
// show the password.
func connect(rawURL string) (client redis.UniversalClient, prefix string, err error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, "", errors.New("redisstore: the Redis URL is malformed") // the cause would show the password
	}
	q := u.Query()
	prefix = defaultPrefix
	if q.Has("prefix") {
		prefix = q.Get("prefix")
		q.Del("prefix")
		u.RawQuery = q.Encode()
	}
	if strings.ContainsAny(prefix, "{}") {
		return nil, "", errors.New("redisstore: the prefix must hold no braces: they decide where a Cluster puts a key")
	}
	base, kind, _ := strings.Cut(u.Scheme, "+")
	if base != "redis" && base != "rediss" && u.Scheme != "unix" {
		return nil, "", fmt.Errorf("redisstore: scheme %q is not redis, rediss, unix, redis+sentinel or redis+cluster", u.Scheme)
	}
	if u.Scheme == "unix" && u.Path == "" || u.Scheme != "unix" && u.Host == "" {
		return nil, "", errors.New("redisstore: the Redis URL names no server")
	}
	u.Scheme = base
	client, err = newClient(kind, u.String())
	if err != nil {
		return nil, "", fmt.Errorf("redisstore: %w", err)
	}
	return client, prefix, nil
}

// errReplicas: what a replica answers may be older than what was answered before.
var errReplicas = errors.New("the Redis URL asks to read from replicas; only masters are read")

// reload is how soon a replica that took over in a Cluster is noticed: a master that
// is gone tells nobody who follows it, and the others are asked this often.
const reload = time.Second

func newClient(kind, plain string) (redis.UniversalClient, error) {
	switch kind {
	case "":
		opt, err := redis.ParseURL(plain)
		if err != nil {
			return nil, err
		}
		return redis.NewClient(opt), nil
	case "sentinel":
		opt, err := redis.ParseFailoverURL(plain)
		switch {
		case err != nil:
			return nil, err
		case opt.MasterName == "":
			return nil, errors.New("a redis+sentinel URL needs master_name in its query")
		case opt.ReplicaOnly || opt.RouteByLatency || opt.RouteRandomly:
			return nil, errReplicas
		}
		return redis.NewFailoverClient(opt), nil
	case "cluster":
		opt, err := redis.ParseClusterURL(plain)
		switch {
		case err != nil:
			return nil, err
		case opt.ReadOnly || opt.RouteByLatency || opt.RouteRandomly:
			return nil, errReplicas
		}
		opt.ClusterStateReloadInterval = cmp.Or(opt.ClusterStateReloadInterval, reload)
		return redis.NewClusterClient(opt), nil
	}
	return nil, fmt.Errorf("unknown kind of Redis %q, want sentinel or cluster", kind)
}
