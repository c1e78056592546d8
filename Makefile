# demo · test · bench · lint · setup-test: everything is one command, none asks a question.

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help demo build test bench lint fmt licences mutants screenshot sample-clip setup-build setup-demo setup-test setup-bench

help:
	@echo "make demo     build, and run the whole system on 127.0.0.1 with data in ./demo-data"
	@echo "make test     everything is tested, with real brokers, databases and a browser"
	@echo "make bench    the figures in the README"
	@echo "make lint     formatting, lints, documentation"

# One server, its broker, and 92 boards: three real players and a fleet of 89 virtual ones. Ctrl-C ends it; the next start resumes.
# Built as for the tests: a release build takes two to three times as long, and what is slow (pictures, signatures) is optimised in both.
demo: setup-demo
	$(CARGO) build --locked -p bangtin -p bangtin-player
	$(TARGET)/debug/bangtin demo

build: setup-build
	$(CARGO) build --locked --workspace --bins

# Properties draw the same cases in every run, so that a red run is due to a change; `PROPTEST_RNG_SEED=` with another number, or
# none (`env -u PROPTEST_RNG_SEED cargo nextest run …`), draws others.
export PROPTEST_RNG_SEED ?= 20260902

# The tests of the whole system run the programs beside them, so these are built first.
test: setup-test build
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		echo "$(CARGO) nextest run --locked --workspace"; \
		$(CARGO) nextest run --locked --workspace; \
	else \
		echo "$(CARGO) test --locked --workspace --lib --bins --tests"; \
		$(CARGO) test --locked --workspace --lib --bins --tests; \
	fi
	$(CARGO) test --locked --workspace --doc

bench: setup-bench
	$(CARGO) build --release --locked -p bangtin -p bangtin-player
	$(CARGO) bench --locked -p playlists --bench schedule
	$(CARGO) bench --locked -p bangtin-tests --bench system

# The player is also checked as a board's package builds it: without a window.
lint: setup-build
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked -p bangtin-player --no-default-features --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items

# The picture of the README, taken from a demo that runs: the overview, and what three boards show.
screenshot: setup-test build
	BANGTIN_README_PICTURE=$(CURDIR)/server/assets/readme/overview.png \
		$(CARGO) test --locked -p bangtin-tests --test main -- demo::an_operator

# The clip among the samples, made anew of its photograph: a slow flight over it. Another ffmpeg gives other bytes of the same frames.
sample-clip: setup-demo
	ffmpeg -v error -nostdin -y -loop 1 -framerate 25 -i playlists/samples/media/hubble_deep_field.jpg -frames:v 250 \
		-vf "scale=5120:-2:flags=lanczos,crop=5120:2880,zoompan=z='1.3-0.3*on/249':x='(iw-iw/zoom)*(0.15+0.35*on/249)':y='(ih-ih/zoom)/2':d=250:s=960x540:fps=25,format=yuv420p" \
		-c:v libx264 -preset slow -crf 27 -threads 2 -flags:v +bitexact -fflags +bitexact -map_metadata -1 -movflags +faststart \
		playlists/samples/media/deep-field.mp4

fmt:
	$(CARGO) fmt --all

# Every crate's licence and the crates we do without; `make test` holds them too.
licences: setup-build
	$(CARGO) test --locked -p bangtin-tests --test main -- licences

# The schedule's rules broken in every way that cargo-mutants knows (`cargo install cargo-mutants --locked`), one at a time: which ways do
# the tests not notice? It builds and tests some two hundred times. What is left over is explained in playlists/tests/schedule/mutants.md.
MUTATED := active fair entries day
mutants: setup-build
	$(CARGO) mutants --package playlists $(MUTATED:%=--file playlists/src/schedule/%.rs) \
		--timeout 600 --build-timeout 900 --output $(TARGET) -- --lib --test schedule

setup-build:
	@deploy/install-packages build
setup-demo:
	@deploy/install-packages build demo
setup-test:
	@deploy/install-packages build test
setup-bench:
	@deploy/install-packages build demo test bench
