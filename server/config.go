package server

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/outbound"
)

// Config is how a server runs. The flag names are the kebab-case of the YAML
// keys, the environment names POOLHOUSE_ and the flag in upper case.
type Config struct {
	Addr               string   `yaml:"addr" help:"Address to listen on." default:"127.0.0.1:8080"`
	Data               string   `yaml:"data" help:"Directory of the embedded database and the master key file." default:"poolhouse-data" type:"path"`
	PublicURL          string   `yaml:"public-url" name:"public-url" help:"URL that browsers and apps reach this server at; http://ADDR where absent."`
	DatabaseURL        string   `yaml:"database-url" name:"database-url" help:"PostgreSQL instead of the embedded SQLite."`
	DatabaseConns      int      `yaml:"database-conns" name:"database-conns" help:"Largest number of PostgreSQL connections." default:"20"`
	RedisURL           string   `yaml:"redis-url" name:"redis-url" help:"Redis for datasets, browser sessions and one-time things."`
	SyncDurability     string   `yaml:"sync-durability" name:"sync-durability" help:"redis: datasets live in Redis. postgres: they are copied to PostgreSQL within a second, and loaded from there when Redis lost them." default:"redis" enum:"redis,postgres"`
	Region             string   `yaml:"region" help:"Region in ids and ARNs." default:"us-east-1"`
	Account            string   `yaml:"account" help:"Account number in ARNs, 12 digits." default:"000000000000"`
	TLSCert            string   `yaml:"tls-cert" name:"tls-cert" help:"File with the server's certificate chain (PEM)." type:"path"`
	TLSKey             string   `yaml:"tls-key" name:"tls-key" help:"File with its private key (PEM)." type:"path"`
	ClientCA           string   `yaml:"client-ca" name:"client-ca" help:"File with the authorities of client certificates (PEM)." type:"path"`
	ClientCerts        string   `yaml:"client-certs" name:"client-certs" help:"Which client certificates are asked for: of client-ca, or any, self-signed ones too." default:"ca" enum:"ca,any"`
	TrustedProxies     []string `yaml:"trusted-proxies" name:"trusted-proxies" help:"Networks (CIDR) whose X-Forwarded-For, X-Forwarded-Proto and Client-Cert are believed."`
	MailDir            string   `yaml:"mail-dir" name:"mail-dir" help:"Directory that mails and text messages are written into, a file each." type:"path"`
	SMTPURL            string   `yaml:"smtp-url" name:"smtp-url" help:"Mail server, smtp://[USER@]HOST[:PORT] or smtps://; the password comes from POOLHOUSE_SMTP_PASSWORD."`
	MailFrom           string   `yaml:"mail-from" name:"mail-from" help:"Sender of mails: an address, or a name and <address>."`
	SMSWebhook         string   `yaml:"sms-webhook" name:"sms-webhook" help:"URL that text messages are posted to, signed with POOLHOUSE_SMS_WEBHOOK_SECRET."`
	SNSEndpoint        string   `yaml:"sns-endpoint" name:"sns-endpoint" help:"Amazon SNS, or what speaks its Publish operation, for text messages; keys come from POOLHOUSE_SNS_ACCESS_KEY_ID and POOLHOUSE_SNS_SECRET_ACCESS_KEY."`
	SNSRegion          string   `yaml:"sns-region" name:"sns-region" help:"Region that calls to sns-endpoint are signed for; region where absent."`
	SNSSenderID        string   `yaml:"sns-sender-id" name:"sns-sender-id" help:"Sender that phones show, where their country allows it."`
	PushEndpoint       string   `yaml:"push-endpoint" name:"push-endpoint" help:"Amazon SNS, or what speaks its CreatePlatformEndpoint and Publish operations, for pushes to devices whose data changed; sns-endpoint where absent. Keys and region are those of sns-endpoint."`
	LambdaEndpoint     string   `yaml:"lambda-endpoint" name:"lambda-endpoint" help:"AWS Lambda, or what speaks its invoke API, for the functions of triggers; keys come from POOLHOUSE_LAMBDA_ACCESS_KEY_ID and POOLHOUSE_LAMBDA_SECRET_ACCESS_KEY."`
	LambdaFunctions    []string `yaml:"lambda-function" name:"lambda-function" help:"Runtime interface emulator of one function, NAME=URL; the name may be an ARN. Repeatable."`
	TriggerURLs        []string `yaml:"trigger-url" name:"trigger-url" help:"Program that stands in for a function, NAME=URL, called with a body signed with POOLHOUSE_TRIGGER_SECRET. Repeatable."`
	SyncStreams        []string `yaml:"sync-stream" name:"sync-stream" help:"Where the changes of datasets go that identity pools stream, NAME=URL of a Redis stream, a NATS subject or a webhook; calls to a webhook are signed with POOLHOUSE_SYNC_STREAM_SECRET. Repeatable."`
	LogDeliveryDir     string   `yaml:"log-delivery-dir" name:"log-delivery-dir" help:"Directory that the logs of user pools are written into, a file for each destination and day." type:"path"`
	LogDeliveryURL     string   `yaml:"log-delivery-url" name:"log-delivery-url" help:"URL that the logs of user pools are posted to instead, signed with POOLHOUSE_LOG_DELIVERY_SECRET."`
	AuditFile          string   `yaml:"audit-file" name:"audit-file" help:"File that the audit log is written to as well, a line of JSON each." type:"path"`
	AuditSyslog        string   `yaml:"audit-syslog" name:"audit-syslog" help:"Syslog collector that the audit log is sent to as well, udp, tcp or tls://HOST:PORT."`
	AuditSyslogCA      string   `yaml:"audit-syslog-ca" name:"audit-syslog-ca" help:"File with the authorities of the collector's certificate (PEM)." type:"path"`
	AuditRetention     int      `yaml:"audit-retention" name:"audit-retention" help:"Days that the audit log is kept; 0 keeps it for ever." default:"0"`
	BreachFilter       string   `yaml:"breach-filter" name:"breach-filter" help:"File of compromised passwords, made by poolhouse breach build." type:"path"`
	GeoIPDB            string   `yaml:"geoip-db" name:"geoip-db" help:"Database of places of addresses, in the MaxMind format (.mmdb)." type:"path"`
	GatewaySocket      string   `yaml:"gateway-socket" name:"gateway-socket" help:"Socket that an S3 gateway asks at, in a directory of its own." type:"path"`
	GatewayAddr        string   `yaml:"gateway-addr" name:"gateway-addr" help:"Address that S3 gateways with a certificate ask at."`
	GatewayTLSCert     string   `yaml:"gateway-tls-cert" name:"gateway-tls-cert" help:"File with the certificate chain of gateway-addr (PEM)." type:"path"`
	GatewayTLSKey      string   `yaml:"gateway-tls-key" name:"gateway-tls-key" help:"File with its private key (PEM)." type:"path"`
	GatewayClientCA    string   `yaml:"gateway-client-ca" name:"gateway-client-ca" help:"File with the authorities of the gateways' certificates (PEM)." type:"path"`
	GatewayAccessKeys  []string `yaml:"gateway-access-key" name:"gateway-access-key" help:"Access key that gateways sign their calls with, instead of the one of poolhouse gateway-key. Two while one is replaced."`
	GatewaySecretFiles []string `yaml:"gateway-secret-file" name:"gateway-secret-file" help:"File with its secret, in the same order." type:"path"`
	Authz              string   `yaml:"authz" name:"authz" help:"File of rules by which reverse proxies are told who may pass." type:"path"`
	LiveConnections    int      `yaml:"live-connections" name:"live-connections" help:"Largest number of live connections that follow datasets." default:"10000"`
	RateLimits         string   `yaml:"rate-limits" name:"rate-limits" help:"on or off: ceilings on how fast users, apps and administrators may call." default:"on" enum:"on,off"`
	GuestPolicy        string   `yaml:"guest-policy" name:"guest-policy" help:"aws, off, or a file with a policy (JSON): what guests of identity pools may use at most, whatever their role allows." default:"aws"`
	GuestPolicyARNs    []string `yaml:"guest-policy-arn" name:"guest-policy-arn" help:"Managed policy beside the file of guest-policy. Repeatable."`
	LogFormat          string   `yaml:"log-format" name:"log-format" help:"text or json." default:"text" enum:"text,json"`
	LogLevel           string   `yaml:"log-level" name:"log-level" help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`

	// RootAccessKeyID and RootSecretAccessKey are the account's root key. They
	// come from the environment alone, never from a flag or a file.
	RootAccessKeyID     string `yaml:"-" kong:"-"`
	RootSecretAccessKey string `yaml:"-" kong:"-"`
	// SMTPPassword is that of the user in SMTPURL, SMSWebhookSecret is what text
	// messages are signed with: from the environment alone too.
	SMTPPassword     string `yaml:"-" kong:"-"`
	SMSWebhookSecret string `yaml:"-" kong:"-"`
	// SNSAccessKeyID and SNSSecretAccessKey sign calls to SNSEndpoint and PushEndpoint.
	SNSAccessKeyID     string `yaml:"-" kong:"-"`
	SNSSecretAccessKey string `yaml:"-" kong:"-"`
	// LambdaKey signs calls to LambdaEndpoint, TriggerSecret those to TriggerURLs.
	LambdaKey     outbound.Key `yaml:"-" kong:"-"`
	TriggerSecret string       `yaml:"-" kong:"-"`
	// SyncStreamSecret signs calls to webhooks among SyncStreams.
	SyncStreamSecret string `yaml:"-" kong:"-"`
	// LogDeliverySecret signs calls to LogDeliveryURL.
	LogDeliverySecret string `yaml:"-" kong:"-"`
	// MasterKey is 32 bytes in base64 or hex, from the environment alone.
	MasterKey string `yaml:"-" kong:"-"`
	// AllowPrivateFetch lets metadata and discovery documents come from
	// loopback and private addresses, over http. The demo and tests set it.
	AllowPrivateFetch bool `yaml:"allow-private-fetch" name:"allow-private-fetch" help:"Fetch metadata and keys from private addresses too, also over http."`
	// LiveTick is the second by which live connections are tended; tests make it
	// shorter.
	LiveTick time.Duration `yaml:"-" kong:"-"`
	// AllowPrivateTriggers does the same for functions alone.
	AllowPrivateTriggers bool `yaml:"allow-private-triggers" name:"allow-private-triggers" help:"Run functions at private addresses too, also over http."`
}

var (
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
)

func (c *Config) checkPublicURL() error {
	if c.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("public-url %q: want http(s)://HOST[:PORT] and nothing behind it", c.PublicURL)
	}
	return nil
}

// proxies parses TrustedProxies.
func (c *Config) proxies() ([]netip.Prefix, error) {
	var nets []netip.Prefix
	for _, s := range c.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("trusted-proxies %q: want a network like 10.0.0.0/8", s)
		}
		nets = append(nets, p.Masked())
	}
	return nets, nil
}

func isUnspecified(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// publicURL is the configured public URL, or the address that was asked for with
// the port that the server listens on.
func (c *Config) publicURL(listening net.Addr) string {
	if c.PublicURL != "" {
		return strings.TrimRight(c.PublicURL, "/")
	}
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(c.Addr)             // Validate has read it
	_, port, _ := net.SplitHostPort(listening.String()) // as a listener writes it
	return scheme + "://" + net.JoinHostPort(host, port)
}
