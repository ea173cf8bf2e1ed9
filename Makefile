# SealedSFU. `make demo` and `make test` each work alone on a fresh Debian 12 with Swift 6.3 or newer.

SWIFT ?= swift
CONFIGURATION ?= release
BUILD := $(SWIFT) build -c $(CONFIGURATION) --explicit-target-dependency-import-check error
BIN = $(shell $(SWIFT) build -c $(CONFIGURATION) --show-bin-path)

.PHONY: help setup build demo test run web lint bench bench-peers clean

help: ## Lists the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: ## Installs the Debian packages that are missing, those of the tests included.
	@Tests/Support/setup.sh build test

build: ## Builds the relay and the load generator (release).
	@Tests/Support/setup.sh build
	$(BUILD)

demo: build ## Runs a relay and an eight-party encrypted call for 20 s, with one join and one leave, and prints the report.
	$(BIN)/sfu-loadgen call --participants 8 --duration 20s --churn 6 --json out/demo.json

run: build ## Runs the relay for development: loopback only, plain ws://, no token.
	$(BIN)/sfu-relay serve --dev

web: build ## Serves the call page on http://localhost:8080/ with a development relay behind it.
	@$(BIN)/sfu-relay serve --dev & relay=$$!; trap 'kill $$relay' EXIT; $(BIN)/sfu-web serve

lint: ## Checks the format of every Swift file.
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests Bench Package.swift

test: setup lint ## Runs every check: format, unit and system tests, proofs, browsers.
	@Tests/Support/run-tests.sh

bench: build ## Measures the forwarding path, a change of keys, and a relay in calls, fan-outs and a storm of joins.
	$(BIN)/sfu-bench
	$(BIN)/sfu-bench-keys
	$(BIN)/sfu-loadgen bench --quick --json out/bench.json

bench-peers: build ## Measures the relay beside Janus and a C forwarder, and writes Bench/RESULTS.md (about 15 minutes).
	@Bench/peers/run.sh $(FLAGS)

clean: ## Removes what was built.
	$(SWIFT) package clean
