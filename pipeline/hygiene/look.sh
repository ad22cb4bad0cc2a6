# Looks at a machine and prints what it finds: `#KIND` and, after it, what is of that kind, each
# ended by a zero byte. No secret is ever printed: where one is, and no more.
#
# A machine of a check has booted once, so most of what is new on it was made by that. What was on
# the captured disk is told by the times that nobody can set: a file's last change (ctime), or its
# birth, lies before this boot. HYGIENE_ROOT is for tests, a folder in place of /, and so is
# HYGIENE_BOOT, seconds. Few programs are started: each takes long where a processor is emulated.

set -u
export LC_ALL=C
root=${HYGIENE_ROOT:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

kind() { printf '#%s\0' "$1"; }
one() { printf '%s\0' "$1"; }

# The earliest of all that this boot says of its beginning: a clock that was set forward since then
# moves btime, and nothing on a tmpfs is older than the boot.
boot=${HYGIENE_BOOT:-}
if [ -z "$boot" ]; then
    while read -r name value; do [ "$name" != btime ] || boot=$value; done </proc/stat
    boot=$(find /run -xdev -maxdepth 2 -printf '%C@\n' 2>/dev/null |
        awk -v boot="$boot" '$1 < boot {boot = int($1)} END {print boot}')
fi
before="! -newerct @$boot"

kind looked
case $(find "$root/usr" -maxdepth 1 $before -print 2>&1) in
    *newerct*) one "!its find has no -newerct" ;;
    '') one "!nothing in /usr is older than this boot, by the machine's clock" ;;
esac
[ -n "$root" ] || [ -w /etc/passwd ] || one "!without root"

# What has a place of its own.
in_waagent="( -name ovf-env.xml -o -name provisioned -o -name *.prv -o -name *.pem -o -name *.crt
    -o -name *.p7m -o -name GoalState*.xml -o -name Certificates* -o -name *.settings
    -o -name CustomData )"
set -f
find "$root/etc/ssh" "$root/etc/machine-id" "$root/var/lib/dbus/machine-id" \
    "$root/var/lib/systemd/random-seed" "$root/var/lib/urandom" "$root/var/lib/random-seed" \
    "$root/var/lib/dhcp" "$root/var/lib/dhclient" "$root/var/lib/dhcpcd" \
    "$root/var/lib/NetworkManager" "$root/var/log/journal" "$root/var/lib/cloud/instances" \
    "$root/var/lib/waagent" "$root/var/lib/systemd/coredump" "$root/var/crash" "$root/tmp" \
    "$root/var/tmp" "$root/etc/kubernetes" "$root/etc/rancher" "$root/var/lib/kubelet" \
    "$root/etc/containers" -xdev \
    -path "$root/etc/ssh/ssh_host_*_key" -size +0 $before -printf '#ssh_host_keys\0%p\0' , \
    -name machine-id -type f -size +20c $before -printf '#machine_id\0%p\0' , \
    -name random-seed -type f $before -printf '#random_seed\0%p\0' , \
    -name '*lease*' -path "$root/var/lib/*" -type f -size +0 $before \
    -printf '#dhcp_leases\0%p\0' , \
    -path "$root/var/log/journal/*" -type f $before -printf '#journal\0%p\0' , \
    -path "$root/var/lib/cloud/instances/*" ! -path "$root/var/lib/cloud/instances/*/*" $before \
    -printf '#cloud_init\0%p\0' , \
    -path "$root/var/lib/waagent/*" -type f $in_waagent $before -printf '#agent_state\0%p\0' , \
    \( -path "$root/var/lib/systemd/coredump/*" -o -path "$root/var/crash/*" \) -type f $before \
    -printf '#core_dumps\0%p\0' , \
    \( -path "$root/tmp/*" -o -path "$root/var/tmp/*" \) -type f $before \
    -printf '#temporary_files\0%p\0' , \
    -path "$root/etc/containers/auth.json" $before -fprint0 "$work/logins" , \
    \( -path "$root/etc/kubernetes/*" -o -path "$root/etc/rancher/*" -o -path "$root/var/lib/kubelet/*" \) \
    -type f \( -name '*.conf' -o -name '*.yaml' -o -name '*.kubeconfig' \) $before \
    -fprint0 "$work/clusters" 2>/dev/null

# Accounts: root's and those of people. NAME and when its home was made: `captured`, `now`, `unknown`.
homes=
kind build_user
while IFS=: read -r name _ number _ _ home _; do
    [ "$number" -eq 0 ] || [ "$number" -ge 1000 ] || continue
    [ "$number" -lt 65000 ] || continue
    [ ! -d "$root$home" ] || homes="$homes $root$home"
    [ "$number" -ne 0 ] || continue
    made=$(stat -c %W "$root$home" 2>/dev/null)
    when=now
    [ "${made:-0}" -gt 0 ] || when=unknown
    [ "${made:-0}" -eq 0 ] || [ "$made" -ge "${boot%%.*}" ] || when=captured
    one "$name $when"
done <"$root/etc/passwd"

kind password_hashes
while IFS=: read -r name hash _; do
    case $hash in '$'* | _*) one "$name" ;; esac
done <"$root/etc/shadow"

# What homes have under a name of its own.
find $homes -maxdepth 3 -type f -size +0 \
    -path '*/.ssh/authorized_keys*' -fprint "$work/keys" , $before \( \
    -path '*/.ssh/known_hosts' -printf '#known_hosts\0%p\0' -o \
    \( -name '.*_history' -o -name .lesshst -o -name .viminfo -o -name .wget-hsts \) \
    -printf '#histories\0%p\0' -o \
    \( -name .netrc -o -name .pgpass -o -name .my.cnf -o -name .mylogin.cnf -o -name .git-credentials \
    -o -name .pypirc -o -name .vault-token -o -path '*/.config/gh/hosts.yml' \) \
    -printf '#credential_files\0%p\0' -o \
    \( -path '*/.aws/credentials' -o -path '*/.azure/*oken*' -o -path '*/.azure/service_principal*' \
    -o -path '*/.config/gcloud/*credential*' \) -printf '#cloud_credentials\0%p\0' -o \
    \( -path '*/.docker/config.json' -o -path '*/.config/containers/auth.json' \) \
    -fprint0 "$work/more-logins" -o \
    -path '*/.kube/*config*' -printf '#kubeconfig\0%p\0' -o \
    \( -name core -o -name 'core.[0-9]*' \) -printf '#core_dumps\0%p\0' -o \
    \( -name 'script_[0-9]*.sh' -o -name 'packer-*' \) -printf '#temporary_files\0%p\0' \) 2>/dev/null
set +f

kind registry_logins
for list in "$work/logins" "$work/more-logins"; do
    [ ! -s "$list" ] || xargs -0 grep -lZ '"auth"' <"$list"
done
kind kubeconfig
[ ! -s "$work/clusters" ] || xargs -0 grep -lZE 'client-key-data|^ *token:' <"$work/clusters"

# Each public key and its file; a key by itself is no secret.
kind authorized_keys
[ ! -s "$work/keys" ] || while IFS= read -r path; do
    while read -r line; do
        is_next=
        for word in $line; do
            [ -z "$is_next" ] || { one "$word $path"; break; }
            case $word in ssh-* | ecdsa-* | sk-*) is_next=yes ;; '#'*) break ;; esac
        done
    done <"$path"
done <"$work/keys"

# WHO and where.
kind sudoers
for path in "$root/etc/sudoers" "$root/etc/sudoers.d"/*; do
    [ ! -f "$path" ] || while read -r who rest; do
        case "$who $rest" in '#'*) ;; *NOPASSWD*) one "$who $path" ;; esac
    done <"$path"
done

# Texts up to 1 MB, where people and bakes put them; packages keep theirs in /usr. Debian's ssl-cert
# makes its key anew on no machine, and calls it snake oil: nobody trusts it. Those that were there
# before count also where this boot wrote to them: find itself knows no births.
find "$root/etc" "$root/root" "$root/home" "$root/opt" "$root/srv" "$root/tmp" "$root/usr/local" \
    "$root/var" -xdev \( -path "$root/var/lib/dpkg" -o -path "$root/var/lib/apt" \
    -o -path "$root/var/lib/rpm" -o -path "$root/var/cache" -o -path "$root/var/lib/containers" \
    -o -path "$root/var/lib/docker" -o -path "$root/var/lib/containerd" \
    -o -path "$root/var/lib/waagent" -o -path "$root/etc/alternatives" \
    -o -path "$root/etc/ssl/certs" -o -path "$root/etc/ssh/ssh_host_*" \
    -o -name ssl-cert-snakeoil.key \) -prune -o -type f -size +0 -size -2049 \
    \( $before -fprint0 "$work/texts" -o -fprint0 "$work/written" \) 2>/dev/null
[ ! -s "$work/written" ] || xargs -0 stat -c '%.9W %n' <"$work/written" 2>/dev/null |
    awk -v boot="$boot" '$1 > 0 && $1 <= boot {sub(/^[0-9.]+ /, ""); printf "%s%c", $0, 0}' \
        >>"$work/texts"
pem='^-----BEGIN ([A-Z]+ )*PRIVATE KEY( BLOCK)?-----'
# By their shapes: GitHub, GitLab, AWS, Slack, npm, Stripe, Google, a storage account's key or a shared
# access signature, a signed JSON web token, and what is called a client's secret.
token='gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50}|glpat-[A-Za-z0-9_-]{20}'
token="$token|(AKIA|ASIA)[A-Z0-9]{16}|xox[abprs]-[A-Za-z0-9-]{20}|npm_[A-Za-z0-9]{36}"
token="$token|sk_live_[A-Za-z0-9]{20}|AIza[A-Za-z0-9_-]{35}"
token="$token|(AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}=|[?&]sig=[A-Za-z0-9%+/]{40,}"
token="$token|eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}"
token="$token|[Cc][Ll][Ii][Ee][Nn][Tt]_[Ss][Ee][Cc][Rr][Ee][Tt][\"']? *[=:] *[\"']?[A-Za-z0-9~._-]{16,}"
[ ! -s "$work/texts" ] || xargs -0 grep -lZIE -e "$pem" -e "$token" <"$work/texts" >"$work/secrets"
if [ -s "$work/secrets" ]; then
    kind private_keys
    xargs -0 grep -lZE -e "$pem" <"$work/secrets"
    kind tokens
    xargs -0 grep -lZE -e "$token" <"$work/secrets"
fi

# Every file system of the disk by its mount, and no other.
disks=$root/
own=
mounts=$(stat -c '%d %n' "$root/" "$root/boot" "$root/home" "$root/opt" "$root/srv" "$root/usr" \
    "$root/var" 2>/dev/null)
while read -r device place; do
    own=${own:-$device}
    [ "$device" = "$own" ] || disks="$disks $place"
done <<END
$mounts
END
# Nobody but root reaches what containers are made of.
elsewhere="( -path $root/proc -o -path $root/sys -o -path $root/dev -o -path $root/run"
elsewhere="$elsewhere -o -path $root/var/lib/containers -o -path $root/var/lib/docker"
elsewhere="$elsewhere -o -path $root/var/lib/containerd ) -prune -o"
kind world_writable
find $disks -xdev $elsewhere \
    -type f -perm /6000 -fprintf "$work/programs" '/%P\n' , \
    \( -type f -o -type d ! -perm -1000 \) -perm -0002 $before -print0 2>/dev/null

# What no package brought: one look at the packages' lists, with both names of a merged /usr.
kind setuid
if [ -s "$work/programs" ]; then
    sed -e p -e 's,^/usr,,p' -e 's,^,/usr,' "$work/programs" >"$work/names"
    if [ -d "$root/var/lib/dpkg/info" ]; then
        grep -hxF -f "$work/names" "$root"/var/lib/dpkg/info/*.list 2>/dev/null
    else
        xargs -d '\n' rpm -qf --qf '[%{FILENAMES}\n]' <"$work/names" 2>/dev/null
    fi >"$work/owned"
    awk -v root="$root" 'FILENAME == ARGV[1] {owned[$0]; next}
        {short = $0; sub(/^\/usr/, "", short)}
        !($0 in owned || short in owned || "/usr" $0 in owned) {printf "%s%s%c", root, $0, 0}' \
        "$work/owned" "$work/programs"
fi

# As the kernel has them: `tcp LOCAL:PORT`, in hexadecimal. 0A listens; 07 is a UDP socket without a peer.
kind listening
cd "$root/proc/net" && awk '$4 == "0A" || (FILENAME ~ /udp/ && $4 == "07") {
    printf "%s %s%c", FILENAME, $2, 0}' tcp tcp6 udp udp6 2>/dev/null

kind done
