package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsclient"
	"github.com/poolhouse/poolhouse/internal/keyring"
	"github.com/poolhouse/poolhouse/server/doctor"
	"github.com/poolhouse/poolhouse/store/redisstore"
	"github.com/poolhouse/poolhouse/store/sqlstore"
)

// A Doctor examines what a configuration names, beside a server or without one. It
// changes nothing, sends no message, and makes neither database nor key.
type Doctor struct {
	Config Config
	Key    awsclient.Key // of the account, for the one question that needs it; may be empty
	HTTP   *http.Client  // asks the public URL
	Now    func() time.Time

	current bool // the database has the schema of this build
}

// Examine tells what it finds, and returns the worst state of it.
func (d *Doctor) Examine(ctx context.Context, tell func(doctor.Finding)) doctor.State {
	return doctor.Examine(ctx, []doctor.Check{
		{Area: "configuration", Look: d.configuration},
		{Area: "data directory", Look: d.directory},
		{Area: "database", Look: d.database},
		{Area: "master key", Look: d.masterKey},
		{Area: "redis", Look: d.redis},
		{Area: "mail", Look: d.mail},
		{Area: "text messages", Look: d.texts},
		{Area: "functions", Look: d.functions},
		{Area: "tls", Look: d.tls},
		{Area: "saml certificates", Look: d.samlCertificates},
		{Area: "public url", Look: d.publicURL},
		{Area: "proxies", Look: d.proxies},
	}, tell)
}

// configuration says of each setting that is wrong what it has to be.
func (d *Doctor) configuration(context.Context) (found []doctor.Finding) {
	c := &d.Config
	err := errors.Join(c.Validate(), c.checkMessageSecrets(), c.checkTriggerSecrets(), c.checkStreamSecrets())
	if err == nil {
		return []doctor.Finding{doctor.Good("all settings are well formed")}
	}
	for line := range strings.Lines(err.Error()) {
		found = append(found, doctor.Bad("Mend the setting, its flag or its variable, and start again.", "%s", strings.TrimSpace(line)))
	}
	return found
}

// directory looks who else may read the data, and how much room there is.
func (d *Doctor) directory(context.Context) []doctor.Finding {
	info, err := os.Stat(d.Config.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []doctor.Finding{doctor.Skip("", "%s is made at the first start", d.Config.Data)}
	case err != nil:
		return []doctor.Finding{doctor.Bad("Run the doctor as the user of the server.", "%s", err)}
	case info.Mode().Perm()&0o077 != 0:
		return []doctor.Finding{doctor.Warn("chmod 700 "+d.Config.Data, "%s is open to other users (%o)", d.Config.Data, info.Mode().Perm())}
	}
	found := []doctor.Finding{doctor.Good("%s is its owner's alone", d.Config.Data)}
	const least, little = 100 << 20, 1 << 30
	switch free, err := freeSpace(d.Config.Data); {
	case err != nil: // no figure on this system
	case free < least:
		found = append(found, doctor.Bad("Make room: writes are about to fail.", "%d MB are free", free>>20))
	case free < little:
		found = append(found, doctor.Warn("Make room before it runs out.", "%d MB are free", free>>20))
	}
	return found
}

// database looks at the schema, and at a PostgreSQL's limits and clock.
func (d *Doctor) database(ctx context.Context) []doctor.Finding {
	asked := d.Now()
	s, err := d.inspect(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return []doctor.Finding{doctor.Skip("", "it is made at the first start")}
	}
	if err != nil {
		return []doctor.Finding{doctor.Bad("Start it, let this machine in (pg_hba.conf, firewall), or mend database-url.", "%s", withoutSecrets(err, d.Config.DatabaseURL))}
	}
	var found []doctor.Finding
	switch {
	case len(s.Damaged) > 0:
		found = append(found, doctor.Bad("Stop the server, keep a copy of the file, and restore the last export.", "%s finds it damaged: %s", s.Engine, s.Damaged[0]))
	case s.Schema > s.Wanted:
		found = append(found, doctor.Bad("Run the newer build that wrote it.", "its schema %d is newer than this build's %d", s.Schema, s.Wanted))
	case s.Schema == 0:
		found = append(found, doctor.Good("%s, empty: the first start makes the tables", s.Engine))
	case s.Schema < s.Wanted:
		found = append(found, doctor.Warn("Take an export; the next start of the server brings it up to date.", "%s, schema %d of %d", s.Engine, s.Schema, s.Wanted))
	default:
		d.current = true
		found = append(found, doctor.Good("%s, schema %d", s.Engine, s.Schema))
	}
	if s.Unchecked {
		found = append(found, doctor.Skip("Run PRAGMA quick_check on it.", "it is too large to be looked through for damage in %s", checkTime))
	}
	if s.Conns > 0 {
		found = append(found, doctor.Clock("the database", s.Now, asked, d.Now(), 0))
		if d.Config.DatabaseConns > s.Conns-3 { // some are for superusers
			found = append(found, doctor.Bad("Lower database-conns, or raise max_connections; nodes add up.", "database-conns is %d, and the database takes %d", d.Config.DatabaseConns, s.Conns))
		}
	}
	return found
}

// checkTime is for SQLite's own check: other questions wait for it.
const checkTime = 8 * time.Second

func (d *Doctor) inspect(ctx context.Context) (*sqlstore.State, error) {
	if d.Config.DatabaseURL != "" {
		return sqlstore.InspectPostgres(ctx, d.Config.DatabaseURL)
	}
	return sqlstore.InspectSQLite(ctx, d.Config.Data, checkTime)
}

// masterKey looks whether the key opens what the database keeps sealed.
func (d *Doctor) masterKey(ctx context.Context) (found []doctor.Finding) {
	err := d.withKeys(ctx, func(*sqlstore.DB, *keyring.Keys) error {
		found = []doctor.Finding{doctor.Good("it opens the keys in the database")}
		return nil
	})
	switch {
	case errors.Is(err, errNotCurrent):
		return []doctor.Finding{doctor.Skip("", "%s", err)}
	case err != nil:
		return []doctor.Finding{doctor.Bad("Give the key of the first start: the file in the data directory, or POOLHOUSE_MASTER_KEY. Without it all keys and secrets are lost.", "%s", err)}
	}
	return found
}

var errNotCurrent = errors.New("there is no database of this build's schema yet")

// withKeys opens a database that opening does not change.
func (d *Doctor) withKeys(ctx context.Context, do func(*sqlstore.DB, *keyring.Keys) error) (err error) {
	if !d.current {
		return errNotCurrent
	}
	cfg := d.Config
	cfg.DatabaseConns = 2
	s := &Server{cfg: cfg}
	db, err := s.openDatabase(ctx, d.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if fresh, err := keyring.Fresh(ctx, db.Keys()); err != nil || fresh {
		return errors.Join(err, errNotCurrent)
	}
	keys, err := s.unlock(ctx, db.Keys(), d.Now)
	if err != nil {
		return err
	}
	return do(db, keys)
}

// redis looks whether it is fit to keep data.
func (d *Doctor) redis(ctx context.Context) []doctor.Finding {
	if d.Config.RedisURL == "" {
		return []doctor.Finding{doctor.Skip("", "none is configured")}
	}
	db, err := redisstore.Open(ctx, d.Config.RedisURL, d.Now)
	if err != nil {
		return []doctor.Finding{doctor.Bad("Start it, let this machine in, or set what it says.", "%s", withoutSecrets(err, d.Config.RedisURL))}
	}
	defer db.Close()
	found := []doctor.Finding{doctor.Good("it answers, and evicts nothing")}
	for _, w := range db.Warnings() {
		found = append(found, doctor.Warn("Set it in redis.conf, and read what may be lost in docs/sync.md.", "%s", w))
	}
	return found
}

// tls looks at the files that the server itself ends TLS with.
func (d *Doctor) tls(context.Context) []doctor.Finding {
	if d.Config.TLSCert == "" {
		return []doctor.Finding{doctor.Skip("", "the server does not end TLS itself")}
	}
	conf, err := d.Config.tlsConfig()
	if err != nil {
		return []doctor.Finding{doctor.Bad("Give the chain and the key that belongs to it, in PEM, readable to the server.", "%s", err)}
	}
	leaf := conf.Certificates[0].Leaf
	found := doctor.Ends(d.Now(), []doctor.Certificate{doctor.Of("tls-cert", "Renew it and start again.", leaf)})
	if u, err := url.Parse(d.Config.PublicURL); err == nil && u.Hostname() != "" {
		if err := leaf.VerifyHostname(u.Hostname()); err != nil {
			found = append(found, doctor.Bad("Get a certificate for the name of public-url, and its subdomains *.auth if pools have prefix domains.", "%s", err))
		}
	}
	if info, err := os.Stat(d.Config.TLSKey); err == nil && info.Mode().Perm()&0o007 != 0 {
		found = append(found, doctor.Bad("chmod o-rwx "+d.Config.TLSKey, "everybody on this machine can read tls-key"))
	}
	return found
}

// withoutSecrets is the text of an error, without the password of a URL.
func withoutSecrets(err error, address string) string {
	text := err.Error()
	u, parsed := url.Parse(address)
	if parsed != nil {
		return "the address is malformed"
	}
	if password, ok := u.User.Password(); ok && password != "" {
		text = strings.ReplaceAll(text, password, "…")
		text = strings.ReplaceAll(text, url.QueryEscape(password), "…")
	}
	return text
}

// NewDoctor is the doctor of a configuration.
func NewDoctor(cfg Config) *Doctor {
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}
	return &Doctor{Config: cfg, HTTP: &http.Client{Transport: transport, Timeout: 10 * time.Second}, Now: time.Now,
		Key: awsclient.Key{AccessKeyID: cfg.RootAccessKeyID, SecretAccessKey: cfg.RootSecretAccessKey}}
}

// site is the public URL as others reach it.
func (d *Doctor) site() doctor.Site {
	address := strings.TrimRight(d.Config.PublicURL, "/")
	if address == "" {
		scheme := "http"
		if d.Config.TLSCert != "" {
			scheme = "https"
		}
		address = scheme + "://" + d.Config.Addr
	}
	return doctor.Site{URL: address, Client: d.HTTP, Now: d.Now}
}

func (d *Doctor) publicURL(ctx context.Context) []doctor.Finding { return d.site().Reach(ctx) }

// proxies asks the server how a call through the public URL looked to it.
func (d *Doctor) proxies(ctx context.Context) []doctor.Finding {
	if d.Key.AccessKeyID == "" {
		return []doctor.Finding{doctor.Skip("Set POOLHOUSE_ROOT_ACCESS_KEY_ID and POOLHOUSE_ROOT_SECRET_ACCESS_KEY.", "the server is asked with the account's key, which is not here")}
	}
	site := d.site()
	client := awsclient.New(site.URL, d.Config.Region)
	client.HTTP = site.Client
	var out struct {
		SourceIp, PeerIp           string
		Secure, Forwarded, Trusted bool
	}
	err := client.JSON(ctx, "Poolhouse.DescribeConnection", struct{}{}, &out, &d.Key)
	var refused *awsclient.APIError
	switch {
	case errors.As(err, &refused) && strings.Contains(refused.Code, "Signature"):
		return []doctor.Finding{doctor.Bad("Have the proxy pass Host, path and query as they come; or the key is that of another server.", "signed calls do not survive the way: %s", refused.Code)}
	case errors.As(err, &refused):
		return []doctor.Finding{doctor.Bad("Give the account's root key, and have the proxy pass POST / on.", "the server answers %d %s", refused.Status, refused.Code)}
	case err != nil:
		return []doctor.Finding{doctor.Skip("", "the server was not reached")}
	}
	seen := doctor.Connection{SourceIP: out.SourceIp, Peer: out.PeerIp, Secure: out.Secure, Forwarded: out.Forwarded, Trusted: out.Trusted}
	return seen.Proxies(secure(site.URL))
}
