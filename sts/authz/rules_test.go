package authz_test

import (
	"os"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/sts/authz"
)

func TestParse(t *testing.T) {
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := authz.Parse(text)
	if err != nil || len(rules.Rules) != 6 || rules.Service != "execute-api" {
		t.Fatalf("%+v %v", rules, err)
	}
}

func TestRefusedRules(t *testing.T) {
	const signed = "action: a:B, resource: 'arn:aws:a:::b'"
	for _, tt := range []struct{ text, want string }{
		{"", "EOF"},
		{"proxy: nginx", "no rules"},
		{"proxy: apache\nrules: [{hosts: [a], path: /, public: true}]", "want nginx"},
		{"proxy: nginx\nservice: s3\nrules: [{hosts: [a], path: /, public: true}]", "service"},
		{"proxy: nginx\naudit: some\nrules: [{hosts: [a], path: /, public: true}]", "want denied, all or none"},
		{"proxy: nginx\nrule: []", "rule"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, publik: true}]", "publik"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /}]", "neither"},
		{"proxy: nginx\nrules: [{path: /, public: true}]", "no hosts"},
		{"proxy: nginx\nrules: [{hosts: ['A'], path: /, public: true}]", "host"},
		{"proxy: nginx\nrules: [{hosts: ['a:80'], path: /, public: true}]", "host"},
		{"proxy: nginx\nrules: [{hosts: ['*'], path: /, public: true}]", "host"},
		{"proxy: nginx\nrules: [{hosts: [a], methods: [get], path: /, public: true}]", "method"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, public: true, " + signed + "}]", "public and yet"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, public: true, bearer: {pool: p}}]", "public and yet"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, bearer: {scopes: [x]}}]", "pool"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, bearer: {pool: p}, resource: 'arn:aws:a:::b'}]", "no action"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, action: b, resource: 'arn:aws:a:::b'}]", "service:Operation"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, action: 'b:*', resource: 'arn:aws:a:::b'}]", "service:Operation"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, action: 'a:B', resource: '*'}]", "ARN"},
		{"proxy: nginx\nrules: [{hosts: [a], path: '/{x}', action: 'a:B', resource: 'arn:aws:a:{x}::b'}]", "last part"},
		{"proxy: nginx\nrules: [{hosts: [a], path: '/{x}', action: 'a:B', resource: 'arn:aws:a:::{y}'}]", "variable"},
		{"proxy: nginx\nrules: [{hosts: [a], path: '/{x}', action: 'a:B', resource: 'arn:aws:a:::x}'}]", "brace"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, " + signed + ", keys: {'aws:PrincipalArn': x}}]", "condition key"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, " + signed + ", keys: {'AWS:SourceIp': x}}]", "condition key"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, " + signed + ", keys: {'plain': x}}]", "condition key"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /, " + signed + ", keys: {'a:b': '{x}'}}]", "variable"},
		{"proxy: nginx\nrules: [{hosts: [a], path: x, public: true}]", "slash"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /a//b, public: true}]", "segment"},
		{"proxy: nginx\nrules: [{hosts: [a], path: /../b, public: true}]", "segment"},
		{"proxy: nginx\nrules: [{hosts: [a], path: '/*', public: true}]", "segment"},
		{"proxy: nginx\nrules: [{hosts: [a], path: '/{x...}/b', public: true}]", "variable"},
		{"proxy: nginx\nrules: [{hosts: [a], path: '/{x}/{x}', public: true}]", "variable"},
		{"proxy: nginx\nrules: [{hosts: [a], path: '/{x}.txt', public: true}]", "variable"},
		{"proxy: nginx\nrules: [{hosts: [a], path: '/{}', public: true}]", "variable"},
	} {
		if _, err := authz.Parse([]byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.text, err, tt.want)
		}
	}
}
