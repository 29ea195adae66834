# Every target works on a fresh Debian machine with Go (and, for test and
# conformance, Node and root or sudo for apt).
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
PKGS ?= ./...
BENCH ?= .

.PHONY: help build check test test-all unit lint generate bench conformance fuzz screenshots

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: ## Build bin/poolhouse
	$(GO) build -trimpath -ldflags "-s -w" -o bin/poolhouse ./cmd/poolhouse

check: lint ## Formatting, vet, linters, generated code unchanged, everything builds
	$(GO) build ./...
	scripts/unchanged.sh "$(GO) generate ./..."

lint: ## gofmt, go vet, staticcheck, errcheck, ineffassign, misspell
	@files="$$(gofmt -l $$(git ls-files '*.go'))"; test -z "$$files" || { echo "gofmt differs:"; echo "$$files"; exit 1; }
	$(GO) vet ./...
	scripts/lint.sh

generate: ## Renew generated code and docs/api-support.md
	$(GO) generate ./...

test: ## Install and start what the tests need, and run all of them
	scripts/install.sh
	scripts/with-services.sh $(GO) test -race -shuffle=on -timeout 30m $(PKGS)

test-all: ## As test, with more rounds where tests have them, then a minute of each fuzz target
	scripts/install.sh
	POOLHOUSE_LONG=1 scripts/with-services.sh $(GO) test -race -shuffle=on -count=1 -timeout 60m ./...
	scripts/fuzz.sh 60s

unit: ## Only the tests that need nothing but Go
	$(GO) test -shuffle=on $$($(GO) list ./... | grep -v /conformance)

conformance: ## Only the black-box suites, against the built binary
	scripts/install.sh
	scripts/with-services.sh $(GO) test -count=1 -timeout 30m ./conformance/...

fuzz: ## A minute of fuzzing for each target
	scripts/fuzz.sh 60s

bench: ## Benchmarks, each beside the cost it cannot avoid (metric x-floor)
	scripts/install.sh
	scripts/with-services.sh $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $$($(GO) list ./... | grep -v /conformance)

screenshots: build ## Take the pictures in docs/images anew
	scripts/install.sh
	node scripts/screenshots.mjs bin/poolhouse
