#!/bin/sh
# Builds mpc-launcher's image from this source, and prints the figures by which it is known.
#
#   deployment/build-image.sh [--pinned [--packages LOCK]] [--output DIR]
#
#   --pinned       build in a root directory of pinned Debian packages, without network; otherwise with this machine's
#                  compiler, which is said. Needs root.
#   --packages LOCK  the pinned packages (default: deployment/toolchain.lock)
#   --output DIR   where the image goes, in two forms, and both programs (default: build/image)
#   --built DIR    build nothing: take mpc-launcher and mpcctl from DIR, and leave them there
#
# The same source and the same toolchain give the same digests, on any machine. PINNED_PACKAGES names a directory with the
# pinned packages, for a machine without apt sources that have them. JOBS says how many compilers run at once.
set -eu
export LC_ALL=C
umask 022

root=$(realpath "$(dirname "$0")/..")
pinned=no
lock=$root/deployment/toolchain.lock
output=$root/build/image
built=

usage()
{
    sed -n '2,14s/^# \{0,1\}//p' "$0"
    exit "$1"
}

fail()
{
    echo "build-image: $1" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
    --pinned) pinned=yes ;;
    --packages) [ $# -ge 2 ] || usage 2 >&2; lock=$(realpath "$2"); shift ;;
    --output) [ $# -ge 2 ] || usage 2 >&2; output=$(realpath --canonicalize-missing "$2"); shift ;;
    --built) [ $# -ge 2 ] || usage 2 >&2; built=$(realpath "$2"); shift ;;
    -h | --help) usage 0 ;;
    *) usage 2 >&2 ;;
    esac
    shift
done

# In the pinned root: /source is this directory, and nothing of it can be written.
build_in_the_pinned_root()
{
    [ "$(id -u)" -eq 0 ] || fail "--pinned needs root, for a mount namespace and chroot"
    work=$root/build/pinned
    # Should something be mounted there, it is not this script's to remove.
    rm -rf --one-file-system "$work"
    mkdir -p "$work"
    "$root/tools/debian-root" "$lock" "$work/root"
    mkdir -p "$work/root/source" "$work/root/build"
    # shellcheck disable=SC2016  # the inner shell expands it
    PINNED=$work/root SOURCE=$root JOBS=${JOBS:-$(nproc)} unshare --mount --pid --fork --net --ipc --uts sh -euc '
        mount --make-rprivate /
        mount --bind "$SOURCE" "$PINNED/source"
        mount -o remount,bind,ro "$PINNED/source"
        # Some of its nodes, not the directory: whatever is removed below this root must never be of the host.
        mount -t tmpfs -o mode=755 tmpfs "$PINNED/dev"
        for node in null zero full random urandom; do
            : >"$PINNED/dev/$node"
            mount --bind "/dev/$node" "$PINNED/dev/$node"
        done
        ln -s /proc/self/fd "$PINNED/dev/fd"
        mount -t proc proc "$PINNED/proc"
        exec chroot "$PINNED" /usr/bin/env -i PATH=/usr/bin LC_ALL=C HOME=/tmp CXX=g++ JOBS="$JOBS" /bin/sh -euc "
            cd /source
            cmake --preset release -B /build
            cmake --build /build --parallel \$JOBS --target mpc-launcher mpcctl"' >&2
    built=$work/root/build/bin
}

if [ -n "$built" ]; then
    toolchain="unknown: built before, in $built"
elif [ "$pinned" = yes ]; then
    build_in_the_pinned_root
    toolchain="pinned: ${lock#"$root/"}, SHA-256 $(sha256sum "$lock" | cut -c -64)"
else
    make --no-print-directory -C "$root" build >&2
    built=$root/build/bin
    toolchain="NOT PINNED: this machine's $(g++ --version | head -n 1); --pinned takes the one of ${lock#"$root/"}"
fi
for program in mpc-launcher mpcctl; do
    [ -x "$built/$program" ] || fail "$built has no $program"
done

version=$("$built/mpc-launcher" --version | cut -d ' ' -f 2)
oci=$output/mpc-launcher-$version.oci.tar
docker=$output/mpc-launcher-$version.docker.tar
mkdir -p "$output"
case $toolchain in
unknown*) ;;
*) install --mode 755 --target-directory "$output" "$built/mpc-launcher" "$built/mpcctl" ;;
esac

# The program alone, readable by all, and not compressed: no compressor can make a difference. One time for everything: 0.
for place in "oci-archive:$oci" "docker-archive:$docker"; do
    SOURCE_DATE_EPOCH=0 "$built/mpcctl" image build --file "$built/mpc-launcher:/mpc-launcher:755" --compression none \
        --entrypoint /mpc-launcher --name "mpc-launcher:$version" --output "$place" >/dev/null
done

digests=$("$built/mpcctl" image digest "oci-archive:$oci")
echo "toolchain        $toolchain"
echo "mpc-launcher     sha256:$(sha256sum "$built/mpc-launcher" | cut -c -64)"
echo "$digests" | grep -E '^(manifest digest|image ID)'
echo "OCI archive      $oci"
echo "docker archive   $docker"
echo
echo "The manifest digest goes into the launcher's compose file: mpcctl compose render --launcher-digest."
