# The front door. `make help` says what there is.

JOBS   ?= $(shell nproc)
PREFIX ?= /usr/local
# Tests of genuine samples find them through REFERENCE_VECTORS=DIR, and are skipped without it.
SOURCES = $(shell git ls-files '*.cpp' '*.h')
PROGRAMS = mpc-launcher mpcctl

.NOTPARALLEL:
.PHONY: help build all test unit e2e demo bench install package reproducible pinned format lint clean

help: ## what there is
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/    make \1\t\2/p' Makefile | expand -t 24
	@echo
	@echo "JOBS=$(JOBS)  PREFIX=$(PREFIX)  E2E=\"words of a test's name\""

build: ## both programs, at build/bin/
	tools/setup
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS) --target $(PROGRAMS)

test: unit e2e ## everything: unit tests, command-line suites, end-to-end tests (the last need root)

all:
	tools/setup tests
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)

unit: all ## unit tests and command-line suites
	ctest --test-dir build --output-on-failure --parallel $(JOBS)

e2e: all ## end-to-end tests on a Docker Engine and a registry of their own
	tests/e2e/run $(E2E)

demo: ## launch, verification, deployment and upgrade, explained; on engines of its own
	tools/setup tests
	$(MAKE) --no-print-directory build
	tools/demo

bench: all ## how fast it is, against the raw calls underneath, the same by hand, and other tools
	bench/run
	build/bin/verification
	bench/upgrade
	bench/image

install: build ## programs, manual pages and completions, under $(PREFIX)
	tools/stage build/bin $(DESTDIR)$(PREFIX)

package: build ## Debian package, tarball, launcher's image, bill of materials: at build/release/
	tools/release build build/release

reproducible: build ## a release, and the same once more under other circumstances: they must be equal
	tools/reproducible --jobs $(JOBS)

pinned: build ## before a release: the pinned toolchain must make the same programs and image (needs root; ten minutes)
	tools/reproducible --pinned --jobs $(JOBS)

format: .clang-format ## lays out the C++ sources
	tools/setup lint
	clang-format-19 -i $(SOURCES)

lint: .clang-format ## looks for what the compiler does not see
	tools/setup lint
	clang-format-19 --dry-run -Werror $(SOURCES)
	cmake --preset dev
	run-clang-tidy-19 -quiet -p build/dev -j $(JOBS) '$(CURDIR)/(src|apps)/.*'

clean: ## removes build/
	rm -rf build
