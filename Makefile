# The front door. `make run` and `make test` do everything on a fresh machine.

CARGO ?= cargo

.PHONY: run build test lint bench clean

# Installs what is missing, builds, and serves everything on one port.
run: build
	./target/release/observe up

# Builds target/release/observe.
build:
	@scripts/prerequisites run
	$(CARGO) build --release --package observe

# Everything that must pass: unit, service and end-to-end tests on real stores.
test:
	@scripts/prerequisites run
	$(CARGO) test --workspace

# What a reviewer should not have to say.
lint:
	@scripts/prerequisites lint
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- --deny warnings
	npx --yes @bufbuild/buf@1.75.0 lint

# Figures beside named baselines, in one run.
bench:
	@scripts/prerequisites run
	$(CARGO) build --release --workspace
	./target/release/observe-bench

clean:
	$(CARGO) clean
	rm -rf .observe
