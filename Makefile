# The front door. CMake builds, ctest tests; this file only calls them, after installing what Debian can give.
#   make            build                    make install PREFIX=/usr/local
#   make gallery    one picture of every view, for docs/gallery.md
#   make demo       train on Fashion-MNIST, write heatmaps to demo/
#   make test       every test, through ctest
#   make lanes      GPU makers' compilers over every kernel, into docs/devices.md; make deps-verify installs them
#   make faults     every call of a training, a prediction and a dump fails once, and from there on; docs/faults.md
#   make coverage   lines and branches of engine/ that the tests run, by gcov
#   make personalities   every kernel on what stands in for other devices (docs/devices.md); make deps-verify before
#   make deps       install the Debian packages (root, or sudo)
#   make mpi        gaze for many machines, under mpirun; docs/many-machines.md
#   make wheel      the Python package, into build/wheel; docs/python.md
#   make test-keras gaze.from_keras beside Keras and TensorFlow; KERAS=PYTHON names a Python that has them, else they come from PyPI
#   make deb        Debian packages, into build/deb, seen through by lintian; docs/packages.md
#   make deb-test   the same, installed, used and purged in a fresh Debian root (as root, ten minutes)
#   make abi        the public ABI, into test/abi/gaze.abi, where it was changed on purpose; docs/packages.md
#   make docs       the reference of gaze.h, into build/docs/html; a warning is an error
#   make tutorials  the pages of docs/tutorials as they stand, and their pictures
#   make format     clang-format over the sources; make check-format only looks
BUILD  ?= build
PREFIX ?= /usr/local
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
CMAKE_FLAGS ?=
TESTS  ?= OFF
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)

all: build

deps:
	@sh tools/deps.sh build run

build: deps
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) -DGAZE_TESTS=$(TESTS) $(CMAKE_FLAGS) > $(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log
	@cmake --build $(BUILD) -j $(JOBS) -- --no-print-directory

demo: build
	@sh tools/demo.sh $(BUILD)

gallery: build
	@sh tools/gallery.sh $(BUILD)

test: deps-test
	@$(MAKE) --no-print-directory build TESTS=ON
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS)

# Counts what runs in this build: not what tests other builds (sanitizers, fuzzing, mutants, GPU compilers), or what is installed.
COVERAGE = $(BUILD)-coverage
coverage: deps-test
	@$(MAKE) --no-print-directory build TESTS=ON BUILD=$(COVERAGE) CMAKE_FLAGS="$(CMAKE_FLAGS) -DCMAKE_BUILD_TYPE=Coverage -DCMAKE_C_FLAGS_COVERAGE='-O1 -g --coverage -DGAZE_COVERAGE'"
	@find $(COVERAGE) -name '*.gcda' -delete
	@cd $(COVERAGE) && ctest --output-on-failure -j $(JOBS) -LE 'host_sanitized|mutants|lanes|fuzz' -E 'program_install|program_abi'
	@python3 test/coverage.py $(COVERAGE) --list $(COVERAGE)/uncovered.txt

mpi:
	@sh tools/deps.sh mpi
	@$(MAKE) --no-print-directory build CMAKE_FLAGS="$(CMAKE_FLAGS) -DGAZE_MPI=ON"

wheel:
	@sh tools/deps.sh build run python
	@$(MAKE) --no-print-directory build
	@rm -rf $(BUILD)/wheel
	@GAZE_BUILD=$(abspath $(BUILD)) $(PYTHON) -m pip wheel --no-build-isolation --no-deps -q -w $(BUILD)/wheel ./python
	@chmod a+r $(BUILD)/wheel/*.whl # pip leaves it to its owner alone
	@ls $(BUILD)/wheel/*.whl

# Pinned: python/tests_keras/requirements.txt, about 700 MB.
KERAS ?= $(BUILD)/keras/bin/python
test-keras: wheel
	@test -n "$$(command -v $(KERAS))" || { $(PYTHON) -m venv $(BUILD)/keras && \
	  $(BUILD)/keras/bin/pip install -q -r python/tests_keras/requirements.txt; }
	@$(PYTHON) -m zipfile -e $(BUILD)/wheel/*.whl $(BUILD)/wheel/unpacked
	@PYTHONPATH=$(BUILD)/wheel/unpacked TF_CPP_MIN_LOG_LEVEL=3 $(KERAS) -m unittest discover -s python/tests_keras

deps-test:
	@sh tools/deps.sh build run python test docs mpi

# Chromium, about 400 MB, and axe-core: ctest -L browser, and LOOK=FOLDER test/browser/report.py for pictures.
deps-browser:
	@sh tools/deps.sh browser
	@sh tools/axe.sh $(BUILD)/tools

deps-verify:
	@sh tools/deps.sh verify
	@sh tools/ptxas.sh $(BUILD)/tools
	@sh tools/intel_cpu.sh $(BUILD)/tools

# Each with its usual tile: what its source has where the engine asks for no other.
GPU_TARGETS = gfx906,gfx908,gfx1030,sm_75,sm_90
GPU_KERNELS = attention_gpu,attention_gradient_gpu,product_gpu,conv2d_gpu,conv2d_input_gradient_gpu,conv2d_kernel_gradient_gpu,recurrence_gpu,recurrence_gradient_gpu

lanes: build
	@python3 test/lanes/compile.py --gaze $(BUILD)/bin/gaze --tools $(BUILD)/tools --page docs/devices.md
	@python3 test/lanes/compile.py --tools $(BUILD)/tools --targets $(GPU_TARGETS) --only $(GPU_KERNELS) --occupancy docs/performance.md

faults: deps-test
	@$(MAKE) --no-print-directory build TESTS=ON
	@python3 -B test/faults/run.py --build $(BUILD) --all --jobs $(JOBS)

personalities: deps-test
	@$(MAKE) --no-print-directory build TESTS=ON
	@GAZE_BUILD=$(BUILD) $(PYTHON) test/lanes/personalities.py --whole
	@GAZE_BUILD=$(BUILD) $(PYTHON) test/lanes/oclgrind.py --detects
	@GAZE_BUILD=$(BUILD) $(PYTHON) test/lanes/oclgrind.py --quick

install: build
	cmake --install $(BUILD) --prefix $(PREFIX)

deb:
	@sh tools/deps.sh build deb
	@sh tools/deb.sh $(BUILD)/deb

deb-test: deb
	@sh test/packages.sh $(BUILD)/deb

UNRELEASED ?=
abi:
	@python3 -B test/abi/record.py $(if $(UNRELEASED),--unreleased)

docs:
	@sh tools/deps.sh docs
	@mkdir -p $(BUILD)/docs
	@(cat docs/api/Doxyfile; echo OUTPUT_DIRECTORY=$(BUILD)/docs) | doxygen -
	@echo $(BUILD)/docs/html/index.html

tutorials: deps-test
	@$(MAKE) --no-print-directory build
	@$(PYTHON) -B tools/tutorials.py --build $(BUILD)

format:
	@clang-format -i $$(git ls-files 'engine/*.[ch]' 'tools/*.[ch]' 'test/*.[ch]' 'examples/*.[ch]*' 'engine/*.hpp')

check-format:
	@clang-format --dry-run -Werror $$(git ls-files 'engine/*.[ch]' 'tools/*.[ch]' 'test/*.[ch]' 'examples/*.[ch]*' 'engine/*.hpp')

clean:
	rm -rf $(BUILD) demo

.PHONY: all deps build demo gallery docs tutorials test coverage deps-test deps-browser deps-verify lanes faults personalities mpi wheel test-keras install deb deb-test abi format check-format clean
