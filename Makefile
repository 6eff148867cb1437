# What a newcomer needs: `make demo`, then `make test`. Everything else is for people who work on perigee.
.PHONY: demo test build release bench bench-live bench-peers format packages clean

PACKAGES := liblua5.4-dev libssl-dev zlib1g-dev
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PERIGEE := .build/release/perigee
BUILD_RELEASE := swift build -c release --product perigee
SAY_REPORT := printf '\nThe report: %s\n\n' "$(CURDIR)/runs/demo/report.html"

# The first time, what a backtest needs is built first, so that the report is there before the rest of perigee is.
demo: packages
	@if $(PERIGEE) paper --help >/dev/null 2>&1; then $(BUILD_RELEASE); else echo "Building what a backtest needs"; PERIGEE_PARTS=backtest $(BUILD_RELEASE); fi
	$(PERIGEE) backtest strategies/market_maker.lua --data backtest-data/btc-l2.tape --latency 20ms/20ms --out runs/demo
	@$(SAY_REPORT)
	@if ! $(PERIGEE) paper --help >/dev/null 2>&1; then \
		echo "Building paper and live trading as well; Ctrl-C is safe, and 'make release' goes on later."; \
		$(BUILD_RELEASE) && $(SAY_REPORT); \
	fi

test: packages
	swift test

build: packages
	swift build --product perigee

release: packages
	$(BUILD_RELEASE)

# A few minutes; BENCH_FLAGS="--quick" for less, "--json FILE" for the figures as JSON.
bench: release
	swift build -c release --product PerigeeBench
	.build/release/PerigeeBench $(BENCH_FLAGS)

# Frame to order over TLS on loopback, beside a bare echo through the same TLS handler. About three minutes; on an idle machine.
bench-live: release
	swift build -c release --product PerigeeLiveBench
	.build/release/PerigeeLiveBench $(BENCH_FLAGS)

# The same work in hftbacktest, vectorbt, backtesting.py, backtrader and NautilusTrader, where they are installed:
# in PEERS/venv-NAME, in PEERS, or in this machine's Python.
bench-peers: release
	swift build -c release --product PerigeeBench
	python3 Benchmarks/peers/compare.py $(if $(PEERS),--venvs $(PEERS)) $(BENCH_FLAGS)

format:
	swift format --in-place --recursive Sources Tests sim Benchmarks Package.swift

# Says what it installs, and installs only what is missing.
packages:
	@command -v swift >/dev/null || { echo "perigee needs a Swift 6.2 toolchain or later: https://www.swift.org/install"; exit 1; }
	@missing=""; for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
		echo "Installing the Debian packages$$missing"; \
		$(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	fi

clean:
	rm -rf .build runs
