#!/bin/sh
# The first process of a simulated CVM, in mount and process namespaces of its own: gives it a root directory in which
# /run, /tapp and /mnt/shared are the CVM's, as in production, and runs its Docker Engine. When it is killed, everything
# dies at once.
#
#   boot.sh DIR CGROUP [dockerd options...]
set -eu
dir=$1 cgroup=$2 root=$1/root
shift 2

# A small disk, when a test wants one. Only the CVM sees it, and it is lost with the boot.
if [ -e "$dir/disk-size" ]; then
    mount -t tmpfs -o "mode=755,size=$(cat "$dir/disk-size")" none "$dir/data"
    mkdir -p "$dir/data/volumes/shared-volume/_data"
fi

# The machine's own directories, without those that the CVM has of its own.
mount -t tmpfs -o mode=755 none "$root"
for entry in /*; do
    case $entry in
    /run | /tapp | /dstack | /mnt | /proc | /lost+found) ;;
    *)
        if [ -L "$entry" ]; then
            cp -P "$entry" "$root$entry"
        elif [ -d "$entry" ]; then
            mkdir "$root$entry"
            mount --rbind "$entry" "$root$entry"
        fi
        ;;
    esac
done
umount -R "$root$root" 2>/dev/null || true  # the new root, seen again inside itself
mkdir -p "$root/proc" "$root/run" "$root/tapp" "$root/mnt/shared" "$root/.old"
mount -t proc proc "$root/proc"
mount --bind "$dir/run" "$root/run"
mount --bind "$dir/tapp" "$root/tapp"
mount --bind "$dir/data/volumes/shared-volume/_data" "$root/mnt/shared"
cd "$root"
pivot_root . .old
umount -l /.old
rmdir /.old

# A reset leaves these behind, as on a real machine; /run is empty after a real one.
rm -rf "$dir/exec" /run/* && mkdir -p /run/lock

# On dstack the engine starts when the guest agent's socket is there: here, when somebody writes to this pipe.
mkfifo /run/engine-start
read -r _ </run/engine-start
rm /run/engine-start
dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile /run/docker.pid \
    -H unix:///run/docker.sock -H unix:///run/harness.sock \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "$cgroup" "$@" >>"$dir/dockerd.log" 2>&1 &
wait
