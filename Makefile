# make help lists the targets.

GO            ?= go
GOLANGCI_LINT  = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOFUMPT        = mvdan.cc/gofumpt@v0.12.0
GOVULNCHECK    = golang.org/x/vuln/cmd/govulncheck@v1.9.0
VERSION       := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Of a tree that is another user's (a container that runs as root) git tells nothing, and go build would fail for want of the commit to write.
STAMP         := $(shell git rev-parse HEAD >/dev/null 2>&1 || echo -buildvcs=false)
FUZZTIME      ?= 30s
BENCHTIME     ?= 1s
FLOOD         ?= 20000
DURATION      ?= 10m
SEEDS         ?= 1000
SEED          ?= 0
SESSIONS      ?= 2000
TERMINALS     ?= 50000
LOGINS        ?= 200
ROUNDS        ?= 5
BUILD_ROUNDS  ?= 40
VISITS        ?= 10000
CUSTOMERS     ?= 50000
ROWS          ?= 15000000
ACCOUNTS      ?= 20000
SHORT         ?=
ARGS          ?=
TRIMPATH      ?= -trimpath
OTHER         ?=
BUILDS        ?=
OUT           ?= bin/collector
TARGET        ?= linux/$(shell $(GO) env GOHOSTARCH)
COLLECTOR_CC  ?=

# The race detector, but not inside SQLite's translated C: it would make that, and so half of all
# tests, five times as slow, and find nothing of ours. Its driver and ours are watched. Tests that
# measure time or memory are skipped or shortened under it (testmain.NotRaced, testmain.Fewer).
RACE_IN       ?= ./...
RACE           = -race -gcflags=all=-dwarf=false '-gcflags=modernc.org/sqlite/lib=-race=false -dwarf=false'

# One static program, in tests as in the packages: Go's own resolver and user lookup. It starts a fifth faster than
# one that loads the C library first, and tests start it some thousand times.
ifeq (,$(findstring -tags,$(GOFLAGS)))
export GOFLAGS := $(strip $(GOFLAGS) -tags=netgo,osusergo)
endif

# Half of what tests cost in a fresh clone is compiling and linking: a quarter of that is saved by leaving out what only debuggers read (stack
# traces and profiles do not need it), and by letting the compiler collect its garbage later (2 GiB for two at once). `make build` does neither.
QUICK          = -gcflags=all=-dwarf=false '-toolexec=env GOGC=400'
test test-quick race sim bench-smoke dashboard: export GOFLAGS := $(GOFLAGS) $(QUICK)

# A program under the race detector waits a second at its end for further races, unless it is
# told not to. A race is reported when it is found.
export GORACE ?= atexit_sleep_ms=0

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/tradefront, and bin/tradefront-collect for users of terminals
	$(GO) build $(TRIMPATH) $(STAMP) -ldflags "-X main.version=$(VERSION)" -o bin/tradefront ./cmd/tradefront
	CGO_ENABLED=0 $(GO) build $(TRIMPATH) $(STAMP) -ldflags "-s -w" -o bin/tradefront-collect ./cmd/tradefront-collect

.PHONY: collector
collector: ## build the terminal's C library: VENDOR=TF01 KEY=public.pem KEY_VERSION=1.0 KIND=pro|tst OUT=DIR (TARGET=linux/arm64, windows/amd64)
	@GOOS= GOARCH= $(GO) run ./collector/build -vendor "$(VENDOR)" -key "$(KEY)" -key-version "$(KEY_VERSION)" -kind "$(KIND)" -out "$(OUT)" \
		-version "$(VERSION)" -day "$(shell git log -1 --format=%cs 2>/dev/null || echo unknown)" -target "$(TARGET)" -cc "$(COLLECTOR_CC)"

.PHONY: collector-test
collector-test: ## the C library in many hosts: 100,000 calls, valgrind, Java, Linux on arm64, Windows by Wine
	./test/ensure-tools.sh collector
	TRADEFRONT_TEST_COLLECTOR=1 $(GO) test -count=1 -timeout 30m -v ./test/collector

.PHONY: run
run: build ## show the main job on the embedded store (make run ARGS=--exit ends by itself)
	./bin/tradefront demo $(ARGS)

# These wait more than they compute, for longer than all others: they begin at once, and one more package than there are
# processors is compiled or tested beside them.
LONG  ?= ./test/robustness ./test/e2e
BESIDE = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: test
test: tools ## all tests with a real PostgreSQL; make lint vets
	$(GO) test -vet=off -timeout 25m -p $(BESIDE) $(LONG) ./...

.PHONY: test-quick
test-quick: tools ## all tests but those of test/e2e, whose whole firms take half of the time
	$(GO) test -vet=off -timeout 25m -p $(BESIDE) $(filter-out ./test/e2e,$(LONG)) $$($(GO) list ./... | grep -v '/test/e2e$$')

.PHONY: race
race: tools ## the same tests with the race detector, which takes three times as long (RACE_IN=./...)
	$(GO) test $(RACE) -vet=off -timeout 25m $(RACE_IN)

.PHONY: tools
tools: ## find what the tests call (PostgreSQL, openssl, python3, cc), or install Debian's packages
	./test/ensure-tools.sh

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (30s)
	GO="$(GO)" FUZZTIME=$(FUZZTIME) ./test/fuzz.sh

.PHONY: robustness
robustness: tools ## break everything around a front, two cores and two fronts, and relays, for DURATION (10m) each, in the order of SEED
	$(GO) test $(RACE) -count=1 -timeout 0 -v ./test/robustness -args -duration $(DURATION) -seed $(SEED) $(ARGS)

.PHONY: ha
ha: ## Patroni, etcd, HAProxy, keepalived and four fronts in network namespaces, broken for DURATION (10m) in the order of SEED; needs root
	./test/ensure-tools.sh ha
	$(GO) test -count=1 -timeout 0 -v -run '^(TestHighAvailability|TestSplitBrainIsSeen)$$' ./test/robustness -args -ha -duration $(DURATION) -seed $(SEED) $(ARGS)

.PHONY: sim
sim: ## a whole front under SEEDS (1000) seeds, or under one with its whole trace (SEED=k)
	$(GO) test -count=1 -timeout 0 -v -run '^(TestSeeds|TestSameSeedSameRun)$$' ./test/simulation -seeds $(SEEDS) -seed $(SEED)

.PHONY: flood
flood: tools ## FLOOD (20000) connections that never authenticate, and what they cost an honest login
	TRADEFRONT_TEST_FLOOD=$(FLOOD) $(GO) test -count 1 -timeout 20m -run '^TestFlood' -v ./test/e2e

# Where terminals run that no machine of ours is: built and vetted, not run.
CROSS ?= windows/amd64 windows/arm64 darwin/amd64 darwin/arm64 linux/arm64 linux/loong64

.PHONY: cross
cross: ## build and vet the collection library for every system that it knows (CROSS)
	@for t in $(CROSS); do echo "$$t"; \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) vet ./client/collect && \
		CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build $(STAMP) -o /dev/null ./cmd/tradefront-collect || exit 1; done

.PHONY: cross-run
cross-run: ## run the program that is built for arm64 and loong64, by qemu-user: version, doctor, and the demo with LOGINS (200) visits
	./test/ensure-tools.sh cross
	GO="$(GO)" LOGINS=$(LOGINS) ./test/cross-run.sh

.PHONY: capacity
capacity: tools ## bytes of a login in PostgreSQL, WAL, audit log, report and embedded store, of VISITS (10000) logins; then two clusters with one report: docs/capacity.md
	TRADEFRONT_TEST_CAPACITY=$(VISITS) $(GO) test -count=1 -timeout 30m -run '^(TestCapacity|TestTwoClustersOneReport)$$' -v ./test/e2e

.PHONY: sustained
sustained: tools ## write into one PostgreSQL for DURATION (10m) as fast as it takes rows, ROWS (15000000) a partition (SHORT=1: into one filled with ROWS short rows, and an empty one, in turns): docs/capacity.md
	TRADEFRONT_TEST_SUSTAINED=$(DURATION) TRADEFRONT_TEST_PARTITION_ROWS=$(ROWS) TRADEFRONT_TEST_SHORT=$(SHORT) $(GO) test -count=1 -timeout 0 -run '^TestSustainedWrites$$' -bench '^$$' -v ./internal/store/storetest

.PHONY: upgrade-load
upgrade-load: ## hand a front over five times under SESSIONS (2000) that trade and 200 logins a second: nothing lost, and how long a login takes meanwhile
	TRADEFRONT_TEST_UPGRADE_SESSIONS=$(SESSIONS) $(GO) test -count=1 -timeout 30m -run '^TestUpgradeUnderLoad$$' -bench '^$$' -v ./test/e2e

.PHONY: bench
bench: tools ## print all benchmarks side by side (BENCHTIME=1s)
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -timeout 20m \
		./internal/ftd ./internal/session ./internal/front ./internal/auth ./internal/supplement ./internal/core/... ./internal/gateway \
		./internal/logs ./internal/store/... ./internal/extsort ./internal/settlement/... ./test/e2e

.PHONY: bench-e2e
bench-e2e: ## a login beside its floors: ROUNDS (5) of VISITS (10000) at each of five servers that take turns (OTHER=another build); then FIX, TLS
	./test/ensure-tools.sh bench
	TRADEFRONT_TEST_OTHER=$(abspath $(OTHER)) TRADEFRONT_TEST_VISITS=$(VISITS) TRADEFRONT_TEST_SESSIONS=$(SESSIONS) \
		$(GO) test -timeout 30m -run '^$$' -bench 'Servers|Peers' -benchtime $(ROUNDS)x ./test/loginbench

# A change of some percent is lost in bench-e2e where a machine's speed changes within minutes; many short turns show it.
.PHONY: bench-builds
bench-builds: ## a login at several builds of the program, each beside the first: BUILDS=before:after, BUILD_ROUNDS (40) of 1,500 visits
	./test/ensure-tools.sh bench
	TRADEFRONT_TEST_BUILDS=$(subst $(EMPTY) ,:,$(abspath $(subst :, ,$(BUILDS)))) \
		$(GO) test -timeout 30m -run '^$$' -bench Builds -benchtime $(BUILD_ROUNDS)x ./test/loginbench

# Packages are built by it; make build and tests are not, so that they share what the compiler has made.
.PHONY: profile
profile: tools ## where a storm of logins spends the processor, for the compiler of packages: deploy/package/storm.pgo
	TRADEFRONT_TEST_PROFILE=$(abspath deploy/package/storm.pgo) $(GO) test -count=1 -timeout 10m -run '^TestProfile$$' -v ./test/loginbench

.PHONY: bench-core
bench-core: ## what the front adds to a business message, with core-sim behind it (SESSIONS=2000)
	$(GO) test -run '^$$' -bench 'RoundTrip' -benchtime 20000x -count 3 ./test/corebench
	$(GO) test -run '^$$' -bench 'Throughput' -benchtime 3000000x -count 3 ./test/corebench
	$(GO) test -run '^$$' -bench 'Paced' -benchtime 3000000x -count 2 ./test/corebench
	$(GO) test -run '^$$' -bench 'LoginBesideBusiness' -benchtime 2000x ./test/corebench
	TRADEFRONT_TEST_SESSIONS=$(SESSIONS) $(GO) test -timeout 30m -run '^$$' -bench 'ManySessions' -benchtime 30x ./test/corebench

# -bench '^$$' runs none; here, in sustained and in upgrade-load it is why the stores are on a disk.
.PHONY: soak
soak: tools ## SESSIONS (2000) drop and return at once, each 4 s for DURATION (10m): heap and resident memory of a front as a table
	TRADEFRONT_TEST_SOAK=$(DURATION) TRADEFRONT_TEST_SESSIONS=$(SESSIONS) \
		$(GO) test -count=1 -timeout 0 -run '^TestMemoryDoesNotGrow$$' -bench '^$$' -v ./test/loginbench

.PHONY: curves
curves: tools ## how a login's cost grows with idle sessions, accounts, AppIDs and stored rows: ROUNDS (5), 15 GB of disk
	TRADEFRONT_TEST_CURVES=$(ROUNDS) $(GO) test -count=1 -timeout 0 -run '^TestCurves$$' -bench '^$$' -v ./test/loginbench

.PHONY: journal-copy
journal-copy: tools ## a commit with a second journal at a neighbour front beside answer_after: postgres, 1, 8 and 64 logins at once: ROUNDS (5)
	$(GO) test -count=1 -timeout 0 -run '^$$' -bench '^BenchmarkJournalCopy$$' -benchtime $(ROUNDS)x ./test/journalcopy

.PHONY: reconnect
reconnect: tools ## TERMINALS (50000) of three fronts leave at once and return at once: how long until all are in, and is each login stored
	TRADEFRONT_TEST_RETURN=$(TERMINALS) $(GO) test -count=1 -timeout 30m -run '^TestAllReturnAtOnce$$' -bench '^$$' -v ./test/loginbench

.PHONY: cold-morning
cold-morning: tools ## the first login of each of ACCOUNTS (20000) accounts after a start, 64 at once: without a verifier of its password, and with one
	TRADEFRONT_TEST_ACCOUNTS=$(ACCOUNTS) $(GO) test -count=1 -timeout 0 -run '^$$' -bench '^BenchmarkColdMorning$$' -benchtime 1x ./test/e2e

# Where benchmarks are.
BENCHES = $(shell grep -rlE '^func Benchmark' --include='*_test.go' . | xargs -n1 dirname | sort -u)

.PHONY: bench-smoke
bench-smoke: tools ## each benchmark of the tree once, the smallest: that it runs, and that a visit makes no more system calls than it may
	$(GO) test -short -run '^$$' -bench . -benchtime 1x -timeout 10m $(BENCHES)

.PHONY: bench-relay
bench-relay: ## CUSTOMERS (50000) behind one operator relay report again after a reconnect, direct logins meanwhile; then what an agent costs
	TRADEFRONT_TEST_CUSTOMERS=$(CUSTOMERS) $(GO) test -count=1 -timeout 30m -run '^TestRelayStorm$$' -v ./test/corebench
	$(GO) test -run '^$$' -bench 'AgentLogins' -benchtime 3000x -count 3 ./test/e2e
	$(GO) test -run '^$$' -bench 'IdleTerminals' -benchtime 6000x ./test/e2e

PACKAGES      ?= bin/packages
ARCHS         ?= amd64 arm64 loong64

.PHONY: packages
packages: ## build deb, rpm, tar.gz and SBOM for each of ARCHS (amd64 arm64 loong64) in PACKAGES (bin/packages), and look at what they hold
	GO="$(GO)" VERSION="$(VERSION)" ./deploy/package/build.sh "$(PACKAGES)" $(ARCHS)
	TRADEFRONT_TEST_PACKAGES=$(abspath $(PACKAGES)) $(GO) test -count=1 -run '^TestPackages$$' ./deploy

ROOTS         ?= /var/cache/tradefront-roots

ENGINES       ?= /var/tmp/tradefront-engines
VERSIONS      ?=

.PHONY: engines
engines: tools ## run the stores' tests against PostgreSQL 13 to 18 from npm, a line for each, programs kept in ENGINES (VERSIONS=18.4.0-beta.17)
	GO="$(GO)" ./test/engines.sh "$(ENGINES)" $(VERSIONS)

.PHONY: compose-test
compose-test: ## start deploy/container's firm by podman, with images made of Debian's packages, and log in through it; needs root (ROOTS=FOLDER keeps a root)
	./test/ensure-tools.sh compose
	mkdir -p "$(ROOTS)"
	$(GO) test -count=1 -timeout 30m -v -run '^TestComposedFirm$$' ./test/packages -args -compose -cache "$(ROOTS)"

.PHONY: packages-test
packages-test: ## install deb and rpm in clean roots, run, upgrade, roll back and remove them there, under a real systemd; needs root (ROOTS=FOLDER keeps a root)
	./test/ensure-tools.sh packages
	mkdir -p "$(ROOTS)"
	$(GO) test -count=1 -timeout 40m -v -run '^TestPackagesInCleanRoots$$' ./test/packages -args -packages -cache "$(ROOTS)"

RELEASE       ?= bin/release
SIGN_KEY      ?=

.PHONY: release
release: ## the last commit as a signed archive for servers without internet, in RELEASE (bin/release): built twice, compared (SIGN_KEY=FILE, ARCHS=)
	GO="$(GO)" SIGN_KEY="$(SIGN_KEY)" ./deploy/release/release.sh "$(RELEASE)" $(ARCHS)
	TRADEFRONT_TEST_RELEASE=$(abspath $(RELEASE)) TRADEFRONT_TEST_SIGNER=$(abspath $(SIGN_KEY)) $(GO) test -count=1 -run '^TestRelease$$' ./deploy

.PHONY: lint-fetch
lint-fetch: # download and build golangci-lint, nothing else
	$(GO) run $(GOLANGCI_LINT) version

.PHONY: lint
lint: ## golangci-lint
	$(GO) run $(GOLANGCI_LINT) run --allow-parallel-runners ./...

.PHONY: dashboard
dashboard: ## hold the Grafana dashboard against the types that Grafana publishes (a test of deploy that make test leaves out)
	$(GO) test -vet=off -tags=netgo,osusergo,dashboard -run '^TestDashboardByGrafanasSchema$$' -v ./deploy

.PHONY: vuln
vuln: ## known vulnerabilities in what we use (asks the Go vulnerability database)
	$(GO) run $(GOVULNCHECK) ./...

.PHONY: fmt
fmt: ## format all Go files
	$(GO) run $(GOFUMPT) -w .

.PHONY: tidy
tidy: ## make go.mod list what is used
	$(GO) mod tidy

.PHONY: clean
clean: ## remove what build made
	rm -rf bin
