# The front door. `make run` and `make test` do everything on a fresh machine.

CARGO ?= cargo
NPM_CI = npm ci --no-audit --no-fund --loglevel=error

.PHONY: run build test test-browser test-clients lint bench dashboard prerequisites clean

# Installs what is missing, builds, and serves everything on one port.
run: build
	./target/release/observe up

# Builds target/release/observe, the dashboard and the browser SDK inside.
build: prerequisites dashboard
	$(CARGO) build --release --package observe

# Everything that must pass: units, services and end to end, on real stores.
test: prerequisites dashboard
	cd sdk/browser && npm test
	cd web && npm test
	$(CARGO) test --workspace

# The dashboard and the SDK in Chromium, against a real server.
test-browser: dashboard tests/browser/node_modules
	@scripts/prerequisites test
	$(CARGO) build --workspace
	cd tests/browser && npm test

# Other products' own clients against a real server.
test-clients: dashboard
	@scripts/prerequisites test
	$(CARGO) build --workspace
	cd tests/clients/opentelemetry && npm test

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

# web/dist and sdk/browser/dist, which the gateway serves.
dashboard: web/node_modules sdk/browser/node_modules
	cd sdk/browser && npm run build
	cd web && npm run build

%/node_modules: %/package-lock.json
	cd $* && $(NPM_CI)
	@touch $@

prerequisites:
	@scripts/prerequisites run

clean:
	$(CARGO) clean
	rm -rf .observe web/dist web/node_modules sdk/browser/dist sdk/browser/node_modules tests/browser/node_modules
