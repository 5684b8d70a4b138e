#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# native.sh demo | check-host: the same on this arm64 machine as in the guest, with the module
# loaded into the running kernel. TESTS says which tests, as in tests.sh; by default all.
set -eu
# shellcheck source=tests/qemu/lib.sh
. "$(dirname "$0")/lib.sh"

case ${1-} in
demo | check-host) script=$1.sh ;;
*) die "native.sh what? demo or check-host" ;;
esac
[ "$(uname -m)" = aarch64 ] || die "this machine is no arm64 one; without VM=1 and KDIR= a guest is booted"
module=$BUILD/module/$(uname -r)/forkwatch.ko
[ -f "$module" ] || die "there is no module for the running kernel: install linux-headers-$(uname -r)" \
	"and run make module, or give KDIR=, the built tree of this kernel"
may_be_root || die "loading a module needs root: run this as root, or use: make demo VM=1"

# The guest's layout, from the native builds.
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir "$stage/workload" "$stage/e2e" "$stage/ci"
cp "$BUILD/aarch64/forkwatch" "$module" "$QEMU_DIR/demo.sh" "$QEMU_DIR/tests.sh" \
	"$QEMU_DIR/check-host.sh" "$stage"
for what in workload e2e; do
	for program in "$BUILD/arm64/$what"/*; do
		case $program in *.d | *'*') ;; *) cp "$program" "$stage/$what" ;; esac
	done
done
cp "$ROOT"/tests/e2e/*.sh "$stage/e2e" 2>/dev/null || :
cp "$ROOT"/ci/* "$stage/ci"
chmod 755 "$stage"
# 'native' is no name of the table: only the scripts for all kernels run.
cd "$stage"
as_root env FORKWATCH_KERNEL=native "PATH=$PATH" sh "./$script" ${TESTS:+"$TESTS"}
