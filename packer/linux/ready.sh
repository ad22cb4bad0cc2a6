#!/bin/sh
# Waits until the first boot's own work is over: cloud-init where there is one, and whoever holds
# the package locks. Timers that would take those again are stopped until the next boot; what runs
# is never killed. READY_ROOT is for tests: a folder in place of /.
set -eu

root=${READY_ROOT:-}
limit=${READY_SECONDS:-900}
waited=0

pause() {
    if [ "$waited" -ge "$limit" ]; then
        echo "not ready after $limit s: $1" >&2
        return 1
    fi
    [ "$waited" -gt 0 ] || echo "waiting: $1"
    waited=$((waited + 2))
    sleep 2
}

# 2 is a recoverable error, 1 any other: what it did not do, a script or a check will miss.
if command -v cloud-init >/dev/null 2>&1; then
    code=0
    timeout "$limit" cloud-init status --wait >/dev/null 2>&1 || code=$?
    case $code in
        0) ;;
        124) echo "not ready after $limit s: cloud-init is still at work" >&2; false ;;
        *) echo "cloud-init ended with an error ($code): cloud-init status --long tells which" ;;
    esac
fi

is_running() {
    case $(systemctl show --property=ActiveState --value "$1" 2>/dev/null) in
        active | activating | deactivating) return 0 ;;
        *) return 1 ;;
    esac
}

if command -v systemctl >/dev/null 2>&1; then
    systemctl stop apt-daily.timer apt-daily-upgrade.timer >/dev/null 2>&1 || true
    for unit in apt-daily.service apt-daily-upgrade.service; do
        while is_running "$unit"; do pause "$unit is running"; done
    done
fi

# A lock that is held stands in /proc/locks by the inode of its file.
is_locked() {
    [ -e "$root$1" ] && grep -q ":$(stat -c %i "$root$1") " "$root/proc/locks" 2>/dev/null
}

for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock \
    /var/cache/apt/archives/lock; do
    while is_locked "$lock"; do pause "$lock is held"; done
done

# Who takes them later is waited for by apt itself. The last step of the bake removes the file.
if [ -d "$root/etc/apt/apt.conf.d" ]; then
    echo 'DPkg::Lock::Timeout "300";' >"$root/etc/apt/apt.conf.d/99-bake-lock-timeout"
fi

# What is installed before the bake begins, and where it came from: docs/packages.md. From it, the
# package indexes and no machine, `nightly` foretells what the same bake would install.
base=$root/var/lib/bakeswap/base
keep() {
    rm -rf "$base"
    mkdir -p "$base"
    chmod 0700 "$root/var/lib/bakeswap" "$base"
    for file in "$@"; do
        [ ! -e "$root/$file" ] || (cd "$root/" && tar -cf - "$file") | tar -xf - -C "$base"
    done
}

if [ -e "$root/var/lib/dpkg/status" ]; then
    keep var/lib/dpkg/status var/lib/apt/extended_states etc/apt/sources.list \
        etc/apt/sources.list.d etc/apt/mirrors etc/apt/apt-mirrors.txt etc/apt/preferences \
        etc/apt/preferences.d
    gzip -f "$base/var/lib/dpkg/status"
elif command -v rpm >/dev/null 2>&1; then
    keep etc/yum.repos.d etc/yum.conf etc/yum/vars etc/dnf/dnf.conf etc/dnf/vars etc/tdnf/tdnf.conf
    rpm -qa --qf '%{NVRA}\n' >"$base/rpms" 2>/dev/null || rm -f "$base/rpms"
fi
