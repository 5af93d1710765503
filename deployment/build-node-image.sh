#!/bin/sh
# Makes a reproducible image of an MPC node's program, and prints the three figures that operators compare.
#
#   deployment/build-node-image.sh BINARY [--base PLACE@sha256:DIGEST | --packages LOCK] [--output DIR] [-- OPTION...]
#
#   BINARY         mpc-node, built reproducibly: docs/reproducible-builds.md says how. It becomes /app/mpc-node
#   --base PLACE   stack it on this image, such as oci:DIR@sha256:..., and add nothing else; the digest is obligatory.
#                  Otherwise the image has the shared libraries that BINARY needs and the CA certificates, and no shell
#   --packages LOCK  the pinned Debian packages of which they are taken (default: deployment/node-base.lock)
#   --output DIR   where the image goes, in two forms (default: build/node-image)
#   OPTION         more for `mpcctl image build`, such as --file start.sh:/app/start.sh:755 --cmd /app/start.sh
#
# MPCCTL names the mpcctl to use (default: build/bin/mpcctl, else the one in PATH). The manifest digest depends on its
# version, because it compresses; the image ID does not. PINNED_PACKAGES is as for deployment/build-image.sh.
set -eu
export LC_ALL=C
umask 022

root=$(realpath "$(dirname "$0")/..")
output=$root/build/node-image
binary=
base=
lock=$root/deployment/node-base.lock
libraries=usr/lib/x86_64-linux-gnu

usage()
{
    sed -n '2,16s/^# \{0,1\}//p' "$0"
    exit "$1"
}

fail()
{
    echo "build-node-image: $1" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
    --base) [ $# -ge 2 ] || usage 2 >&2; base=$2; shift ;;
    --packages) [ $# -ge 2 ] || usage 2 >&2; lock=$2; shift ;;
    --output) [ $# -ge 2 ] || usage 2 >&2; output=$(realpath --canonicalize-missing "$2"); shift ;;
    -h | --help) usage 0 ;;
    --) shift; break ;;
    -*) usage 2 >&2 ;;
    *) [ -z "$binary" ] || usage 2 >&2; binary=$1 ;;
    esac
    shift
done
[ -n "$binary" ] || usage 2 >&2
[ -f "$binary" ] || fail "there is no $binary"
readelf --file-header "$binary" 2>/dev/null | grep -q 'X86-64' || fail "$binary is not a program for Linux on amd64"
mpcctl=${MPCCTL:-$root/build/bin/mpcctl}
[ -x "$mpcctl" ] || mpcctl=$(command -v mpcctl) || fail "there is no mpcctl: run make build, or set MPCCTL"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
content=$scratch/content
mkdir -p "$content/app"
install --mode 755 "$binary" "$content/app/mpc-node"

needed_by()
{
    readelf --dynamic --wide "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# Each library once, and what it needs in its turn.
add_libraries()
{
    for name in $(needed_by "$1"); do
        if [ ! -e "$content/$libraries/$name" ]; then
            [ -e "$scratch/base/$libraries/$name" ] || fail "$1 needs $name, which no package of $lock has:
make another lock file with tools/lock-packages and give it with --packages, or give --base"
            install -D --mode 755 "$scratch/base/$libraries/$name" "$content/$libraries/$name"
            add_libraries "$content/$libraries/$name"
        fi
    done
}

add_pinned_files()
{
    "$root/tools/debian-root" "$lock" "$scratch/base"
    loader=$(readelf --program-headers --wide "$binary" | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
    if [ -n "$loader" ]; then
        [ "$loader" = /lib64/ld-linux-x86-64.so.2 ] || fail "$binary wants the loader $loader, which is not Debian's"
        install -D --mode 755 "$scratch/base/$libraries/ld-linux-x86-64.so.2" "$content$loader"
        add_libraries "$binary"
    fi
    # As update-ca-certificates makes it: all of Mozilla's, one after the other.
    mkdir -p "$content/etc/ssl/certs" "$content/tmp"
    find "$scratch/base/usr/share/ca-certificates" -name '*.crt' | sort | xargs cat >"$content/etc/ssl/certs/ca-certificates.crt"
}

if [ -z "$base" ]; then
    add_pinned_files
else
    case $base in
    *@sha256:*) ;;
    *) fail "$base has no digest: write $base@sha256:..., the manifest digest as \`mpcctl image digest $base\` prints it" ;;
    esac
    set -- --base "$base" "$@"
fi
# Whether these options say what is started. Each has one value, but for the flags of `mpcctl image build`.
name_a_command()
{
    while [ $# -gt 0 ]; do
        case $1 in
        --cmd | --entrypoint | --cmd=* | --entrypoint=*) return 0 ;;
        --*=* | --json | --plain-http | --help | -h) ;;
        -*) [ $# -eq 1 ] || shift ;;
        esac
        shift
    done
    return 1
}

name_a_command "$@" || set -- --cmd /app/mpc-node "$@"

mkdir -p "$output"
for place in "oci-archive:$output/mpc-node.oci.tar" "docker-archive:$output/mpc-node.docker.tar"; do
    SOURCE_DATE_EPOCH=0 "$mpcctl" image build --root "$content" --workdir /app --name mpc-node:reproducible \
        --output "$place" "$@" >/dev/null
done

digests=$("$mpcctl" image digest "oci-archive:$output/mpc-node.oci.tar")
figure()
{
    echo "$digests" | sed -n "s/^$1  *//p"
}
cat <<EOF
mpc-node         sha256:$(sha256sum "$binary" | cut -c -64)
                 of the program alone: compare it with whoever has built the same commit
image ID         $(figure 'image ID')
                 of the unpacked content: what \`docker images --no-trunc\` shows; approved lists of 2025
manifest digest  $(figure 'manifest digest')
                 what registries serve: the network's votes, DEFAULT_IMAGE_DIGEST, image_digest of a deployment file
made by          $("$mpcctl" --version)
OCI archive      $output/mpc-node.oci.tar
docker archive   $output/mpc-node.docker.tar
EOF
