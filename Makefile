# The work on Leastkey, one name for each job. `make demo` needs Go; `make test` needs what tools/needs looks for.

FUZZTIME ?= 30s

BENCHSTAT = go tool -modfile=$(CURDIR)/tools/go.mod benchstat
LINT = go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint run

.PHONY: help demo build test unit floor floor-record diff e2e lint bench bench-short bench-page gallery pictures bench-dashboard bench-usage fuzz fmt

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## Run everything in one process with sample data, and print where it is
	bin/leastkey demo

build: ## Build bin/leastkey
	go build -o bin/leastkey ./cmd/leastkey

test: unit floor lint bench-short e2e ## Run every test and check there is

unit: ## Run the tests of the module under the race detector
	@tools/needs cc
	go test -race -timeout 15m ./...

FLOOR = go test -run '^$$' -bench 'Floor/1000$$' -benchtime 1x -count 6 ./guard

floor: ## Compare a decision, as a ratio to the floor of the same run, with what it took; fail beyond a fifth
	@mkdir -p bin
	$(FLOOR) | tee bin/floor.txt
	$(BENCHSTAT) docs/benchmarks/floor.txt bin/floor.txt
	go test -count 1 -run '^TestDecision' -v ./guard

floor-record: ## Record what a decision takes from now on
	$(FLOOR) | tee docs/benchmarks/floor.txt

DIFFCASES ?= 100000000

diff: ## Hold 10^8 decisions of the compiled guard to the law, in random worlds
	go test -count 1 -timeout 2h -run '^TestJudgeIsTheLaw$$' -v ./guard -args -law.cases $(DIFFCASES) -law.seed $$(date +%s)

# One package at a time: compiling cloudflare-go v7 takes the whole machine for minutes.
e2e: build ## Run the program against real clients: curl, the Go and TypeScript SDKs, a browser
	@tools/needs curl node npm chromium nginx caddy python3 pdns_server dig
	cd e2e && LEASTKEY_E2E_BINARY=$(CURDIR)/bin/leastkey go test -p 1 -count 1 -timeout 20m ./...

pictures: build ## Take the pictures of the dashboard in docs/pictures anew
	@tools/needs chromium
	cd e2e && LEASTKEY_E2E_BINARY=$(CURDIR)/bin/leastkey LEASTKEY_E2E_PICTURES=$(CURDIR)/docs/pictures \
		go test -count 1 -run '^TestPictures$$' ./browser

lint: ## Check formatting, go.mod files and the linters' rules
	go mod tidy -diff
	cd e2e && go mod tidy -diff
	cd bench && go mod tidy -diff
	$(LINT)
	cd e2e && $(LINT) --config $(CURDIR)/.golangci.yml
	cd bench && $(LINT) --config $(CURDIR)/.golangci.yml

bench: build ## Measure everything beside its peers, in half an hour, into docs/performance.md
	@tools/needs cc nginx caddy
	cd bench && go build -o $(CURDIR)/bin/bench .
	bin/bench run -root . -leastkey bin/leastkey -docs docs -commit "$$(git describe --always --dirty 2>/dev/null || echo unknown)" $(BENCHFLAGS)

bench-short: build ## See that what bench runs does run, with little of it, and that every contender answers rightly
	@tools/needs cc nginx caddy
	cd bench && LEASTKEY_E2E_BINARY=$(CURDIR)/bin/leastkey go test -count 1 -timeout 10m ./...

bench-page: ## Write docs/performance.md anew from the numbers of the last bench, after an edit in bench/report
	cd bench && go run . page -docs $(CURDIR)/docs

gallery: ## Leave every page of the dashboard in bin/gallery, to be looked at
	LEASTKEY_GALLERY=$(CURDIR)/bin/gallery go test -count 1 -run '^TestGallery$$' ./internal/web

bench-dashboard: ## Time every page for somebody with 500 tokens and 10,000 zones, into docs/benchmarks
	mkdir -p docs/benchmarks
	go test -run '^$$' -bench Pages -benchtime 40x ./internal/web | tee docs/benchmarks/dashboard.txt

bench-usage: ## Say what it costs a decision to take down its use, into docs/benchmarks
	go test -run '^$$' -bench LastUse -benchtime 400x -count 6 ./internal/usage | tee docs/benchmarks/usage.txt

fuzz: ## Run each fuzz target for FUZZTIME (30s)
	tools/fuzz $(FUZZTIME)

fmt: ## Format the Go code
	gofmt -w .
