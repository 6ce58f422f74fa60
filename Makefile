# The front door. `make run` and `make test` do everything on a fresh machine.

CARGO ?= cargo
NPM_CI = npm ci --no-audit --no-fund --loglevel=error
# Products whose own clients are installed from npm for the tests.
CLIENTS = sentry posthog segment

.PHONY: run demo build test test-helm test-browser test-clients ledger lint bench bench-query dashboard prerequisites test-prerequisites clean

# Installs what is missing, builds, and serves everything on one port.
run: build
	./target/release/observe up

# Fills the first project of what `make run` serves, in another shell, with a month of a small web shop.
demo:
	./target/release/observe demo

# Builds target/release/observe, the dashboard and the browser SDK inside.
build: prerequisites dashboard
	$(CARGO) build --release --package observe

# Everything that must pass: units, services and end to end, on real stores and in Chromium.
test: test-prerequisites dashboard tests/browser/node_modules $(CLIENTS:%=tests/clients/%/node_modules) test-helm
	cd sdk/browser && npm test
	cd web && npm test
	$(CARGO) test --workspace
	cd tests/clients/sentry && npm test
	cd tests/clients/posthog && npm test
	cd tests/clients/segment && npm test
	cd tests/clients/opentelemetry && npm test
	cd tests/browser && npm test

# The Helm chart, the Dockerfile and the compose file, without a cluster and without Docker.
test-helm: tests/helm/.venv/complete
	cd tests/helm && .venv/bin/python -m unittest --quiet

tests/helm/.venv/complete: tests/helm/requirements.txt
	@scripts/prerequisites helm
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# The dashboard and the SDK in Chromium alone, against a real server.
test-browser: test-prerequisites dashboard tests/browser/node_modules
	$(CARGO) build --workspace
	cd tests/browser && npm test

# Other products' own clients against a real server.
test-clients: test-prerequisites dashboard tests/browser/node_modules $(CLIENTS:%=tests/clients/%/node_modules)
	$(CARGO) build --workspace
	cd tests/clients/sentry && npm test
	cd tests/clients/posthog && npm test
	cd tests/clients/segment && npm test
	cd tests/clients/opentelemetry && npm test

# The long form of the ledger: hundreds of kills and long outages under load. docs/RELIABILITY.md has its options and figures.
ledger: test-prerequisites dashboard
	$(CARGO) test --test ledger -- --ignored --nocapture

# What a reviewer should not have to say.
lint: prerequisites dashboard
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- --deny warnings
	npx --yes @bufbuild/buf@1.75.0 lint
	cd web && npm run typecheck

# Figures beside named baselines, in one run.
bench: prerequisites dashboard
	$(CARGO) build --release --workspace
	./target/release/observe-bench

# The engine of reports beside ClickHouse, DuckDB and PostgreSQL: EVENTS=10000000 for ten million, SHAPE for another history.
EVENTS ?= 1000000
bench-query: prerequisites bench/query/.venv/complete
	$(CARGO) build --release --package observe-bench
	./target/release/observe-bench query --events $(EVENTS) $(SHAPE)

bench/query/.venv/complete: bench/query/requirements.txt
	python3 -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# web/dist and sdk/browser/dist, which the gateway serves.
dashboard: web/node_modules sdk/browser/node_modules
	cd sdk/browser && npm run build
	cd web && npm run build

%/node_modules: %/package-lock.json
	cd $* && $(NPM_CI)
	@touch $@

prerequisites:
	@scripts/prerequisites run

test-prerequisites:
	@scripts/prerequisites test

clean:
	$(CARGO) clean
	rm -rf .observe web/dist web/node_modules sdk/browser/dist sdk/browser/node_modules tests/browser/node_modules tests/helm/.venv \
	  bench/baselines/seed-stack/.venv bench/query/.venv $(CLIENTS:%=tests/clients/%/node_modules) $(CLIENTS:%=tests/clients/%/.venv)
