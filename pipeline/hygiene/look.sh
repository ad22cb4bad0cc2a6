# Looks at a machine and prints what it finds: `#KIND` and, after it, what is of that kind, each
# ended by a zero byte. No secret is ever printed: where one is, and no more.
#
# A machine of a check has booted once, so most of what is new on it was made by that. What was on
# the captured disk is told by the times that nobody can set: a file's last change (ctime) and its
# birth lie before this boot. HYGIENE_ROOT is for tests, a folder in place of /, and so is HYGIENE_BOOT,
# seconds.

set -u
export LC_ALL=C
root=${HYGIENE_ROOT:-}

kind() { printf '#%s\0' "$1"; }
one() { printf '%s\0' "$1"; }

# The earliest of all that this boot says of its beginning: a clock that was set forward since then
# moves btime, and nothing on a tmpfs is older than the boot.
boot=${HYGIENE_BOOT:-}
if [ -z "$boot" ]; then
    boot=$(awk '/^btime/ {print $2}' /proc/stat)
    first=$(find /run -xdev -maxdepth 2 -printf '%C@\n' 2>/dev/null | sort -n | head -n 1)
    first=${first%%.*}
    [ -z "$first" ] || [ "$first" -ge "$boot" ] || boot=$first
fi
before="! -newerct @$boot"

kind looked
[ -n "$(find "$root/usr" -maxdepth 1 $before -print 2>&1 | head -n 1)" ] ||
    one "!nothing in /usr is older than this boot, by the machine's clock"
find "$root/usr" -maxdepth 0 $before >/dev/null 2>&1 || one "!its find has no -newerct"
[ "$(id -u)" -eq 0 ] || [ -n "$root" ] || one "!without root"

there() { for path in "$@"; do [ ! -e "$path" ] || printf '%s\n' "$path"; done; }
# `old TESTS -- PLACES`: the files that were captured, below places that may be missing.
old() {
    tests=""
    while [ "$1" != -- ]; do tests="$tests $1"; shift; done
    shift
    places=$(there "$@")
    [ -z "$places" ] || (
        set -f
        IFS='
'
        set -- $places
        IFS=' '
        find "$@" $tests -print0 2>/dev/null
    )
}
homes=$(awk -F: '$3 == 0 || ($3 >= 1000 && $3 < 65000) {print $6}' "$root/etc/passwd" | sort -u)
in_homes() {
    for name in "$@"; do
        for home in $homes; do
            for path in "$root$home"/$name; do there "$path"; done
        done
    done
}
# Files of homes with these names that were captured and hold something.
left() {
    in_homes "$@" | while IFS= read -r path; do
        find "$path" -maxdepth 0 -type f -size +0 $before -print0 2>/dev/null
    done
}

kind ssh_host_keys
old -maxdepth 1 -name 'ssh_host_*_key' -size +0 $before -- "$root/etc/ssh"

kind machine_id
for path in "$root/etc/machine-id" "$root/var/lib/dbus/machine-id"; do
    [ ! -f "$path" ] || [ -h "$path" ] || grep -q '^uninitialized' "$path" ||
        find "$path" -size +0 $before -print0
done

kind random_seed
old -maxdepth 0 -type f $before -- "$root/var/lib/systemd/random-seed" \
    "$root/var/lib/urandom/random-seed" "$root/var/lib/random-seed"

kind dhcp_leases
old -maxdepth 1 -type f -size +0 -name '*lease*' $before -- "$root/var/lib/dhcp" \
    "$root/var/lib/dhclient" "$root/var/lib/dhcpcd" "$root/var/lib/NetworkManager"

kind journal
old -type f $before -- "$root/var/log/journal"

kind cloud_init
old -mindepth 1 -maxdepth 1 $before -- "$root/var/lib/cloud/instances"

kind agent_state
old -maxdepth 2 -type f \( -name ovf-env.xml -o -name provisioned -o -name '*.prv' -o -name '*.pem' \
    -o -name '*.crt' -o -name '*.p7m' -o -name 'GoalState*.xml' -o -name 'Certificates*' \
    -o -name '*.settings' -o -name CustomData \) $before -- "$root/var/lib/waagent"

# NAME and when its home was made: `captured`, `now`, or `unknown`.
kind build_user
awk -F: '$3 >= 1000 && $3 < 65000 {print $1 " " $6}' "$root/etc/passwd" |
    while read -r name home; do
        made=$(stat -c %W "$root$home" 2>/dev/null || echo 0)
        when=now
        [ "$made" -gt 0 ] || when=unknown
        [ "$made" -eq 0 ] || [ "$made" -ge "${boot%%.*}" ] || when=captured
        one "$name $when"
    done

# WHO and where.
kind sudoers
grep -rsH '^[^#]*NOPASSWD' "$root/etc/sudoers" "$root/etc/sudoers.d" |
    awk '{place = $1; sub(/:.*/, "", place); sub(/^[^:]*:/, "", $1); printf "%s %s%c", $1, place, 0}'

kind password_hashes
[ ! -r "$root/etc/shadow" ] || awk -F: '$2 ~ /^[$_]/ {printf "%s%c", $1, 0}' "$root/etc/shadow"

# The public part of each key and its file; a key by itself is no secret.
kind authorized_keys
in_homes .ssh/authorized_keys .ssh/authorized_keys2 | while IFS= read -r path; do
    grep -oE '(ssh|ecdsa|sk)-[a-z0-9@.-]+ +[A-Za-z0-9+/=]+' "$path" | while read -r _ key; do
        one "$key $path"
    done
done

kind known_hosts
left .ssh/known_hosts

kind histories
in_homes '.*_history' .lesshst .viminfo .wget-hsts | while IFS= read -r path; do
    find "$path" -maxdepth 0 -type f -size +0 $before -print0 2>/dev/null
done

kind credential_files
left .netrc .pgpass .my.cnf .mylogin.cnf .git-credentials .pypirc .vault-token .config/gh/hosts.yml

kind cloud_credentials
left .aws/credentials '.azure/*token*' .azure/accessTokens.json '.azure/service_principal_entries*' \
    .config/gcloud/credentials.db .config/gcloud/application_default_credentials.json

kind registry_logins
left .docker/config.json .config/containers/auth.json | xargs -0 -r grep -lZ '"auth"' 2>/dev/null
old -type f $before -- "$root/etc/containers/auth.json"

kind kubeconfig
left '.kube/*config*'
old -type f \( -name '*.conf' -o -name '*.yaml' -o -name '*.kubeconfig' \) $before -- \
    "$root/etc/kubernetes" "$root/etc/rancher" "$root/var/lib/kubelet" |
    xargs -0 -r grep -lZE 'client-key-data|^ *token:' 2>/dev/null

# Texts up to 1 MB, where people and bakes put them; packages keep theirs in /usr. Debian's ssl-cert
# makes its key anew on no machine, and calls it snake oil: nobody trusts it.
texts() {
    old -xdev \( -path "$root/var/lib/dpkg" -o -path "$root/var/lib/apt" -o -path "$root/var/lib/rpm" \
        -o -path "$root/var/cache" -o -path "$root/var/lib/containers" -o -path "$root/var/lib/docker" \
        -o -path "$root/var/lib/containerd" -o -path "$root/var/lib/waagent" \
        -o -path "$root/etc/alternatives" -o -path "$root/etc/ssl/certs" \
        -o -path "$root/etc/ssh/ssh_host_*" -o -name ssl-cert-snakeoil.key \) -prune -o \
        -type f -size +0 -size -2049 $1 -- "$root/etc" "$root/root" "$root/home" "$root/opt" \
        "$root/srv" "$root/tmp" "$root/usr/local" "$root/var"
}
# Those that were there before, also where this boot wrote to them: find itself knows no births.
captured_texts() {
    texts "$before"
    texts "-newerct @$boot" | xargs -0 -r stat -c '%.9W %n' 2>/dev/null |
        awk -v boot="$boot" '$1 > 0 && $1 <= boot {sub(/^[0-9.]+ /, ""); printf "%s%c", $0, 0}'
}
pem='^-----BEGIN ([A-Z]+ )*PRIVATE KEY( BLOCK)?-----'
# By their shapes: GitHub, GitLab, AWS, Slack, npm, Stripe, Google, a storage account's key or a shared
# access signature, a signed JSON web token, and what is called a client's secret.
token='gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50}|glpat-[A-Za-z0-9_-]{20}'
token="$token|(AKIA|ASIA)[A-Z0-9]{16}|xox[abprs]-[A-Za-z0-9-]{20}|npm_[A-Za-z0-9]{36}"
token="$token|sk_live_[A-Za-z0-9]{20}|AIza[A-Za-z0-9_-]{35}"
token="$token|(AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}=|[?&]sig=[A-Za-z0-9%+/]{40,}"
token="$token|eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}"
token="$token|[Cc][Ll][Ii][Ee][Nn][Tt]_[Ss][Ee][Cc][Rr][Ee][Tt][\"']? *[=:] *[\"']?[A-Za-z0-9~._-]{16,}"
candidates=$(mktemp)
trap 'rm -f "$candidates"' EXIT
captured_texts | xargs -0 -r grep -lZIE -e "$pem" -e "$token" >"$candidates" 2>/dev/null
kind private_keys
xargs -0 -r grep -lZE -e "$pem" <"$candidates"
kind tokens
xargs -0 -r grep -lZE -e "$token" <"$candidates"

# Every file system of the disk by its mount, and no other.
disks=$root/
for place in boot home opt srv usr var tmp; do
    [ ! -d "$root/$place" ] || [ -h "$root/$place" ] ||
        [ "$(stat -c %d "$root/$place")" = "$(stat -c %d "$root/")" ] || disks="$disks $root/$place"
done
# Nobody but root reaches what containers are made of.
elsewhere="( -path $root/proc -o -path $root/sys -o -path $root/dev -o -path $root/run"
elsewhere="$elsewhere -o -path $root/var/lib/containers -o -path $root/var/lib/docker"
elsewhere="$elsewhere -o -path $root/var/lib/containerd ) -prune -o"
kind world_writable
find $disks -xdev $elsewhere \( -type f -o -type d ! -perm -1000 \) -perm -0002 $before -print0 \
    2>/dev/null

# What no package brought: one look at the packages' lists, with both names of a merged /usr.
kind setuid
programs=$(find $disks -xdev $elsewhere -type f -perm /6000 -print 2>/dev/null | sed "s,^$root/*,/,")
names=$(printf '%s\n' "$programs" | sed -e p -e 's,^/usr,,p' -e 's,^,/usr,')
if [ -d "$root/var/lib/dpkg/info" ]; then
    owned=$(printf '%s\n' "$names" | grep -hxF -f - "$root"/var/lib/dpkg/info/*.list 2>/dev/null)
else
    owned=$(printf '%s\n' "$names" | xargs -r -d '\n' rpm -qf --qf '[%{FILENAMES}\n]' 2>/dev/null)
fi
printf '%s\n' "$programs" | while IFS= read -r path; do
    printf '%s\n' "$path" "${path#/usr}" "/usr$path" | grep -qxF -e "$owned" || one "$root$path"
done

# As the kernel has them: `tcp LOCAL:PORT`, in hexadecimal. 0A listens; 07 is a UDP socket without a peer.
kind listening
for table in tcp tcp6 udp udp6; do
    [ ! -r "$root/proc/net/$table" ] || awk -v table="$table" \
        '$4 == "0A" || (table ~ /udp/ && $4 == "07") {printf "%s %s%c", table, $2, 0}' \
        "$root/proc/net/$table"
done

kind core_dumps
old -type f $before -- "$root/var/lib/systemd/coredump" "$root/var/crash" "$root/var/lib/apport"
old -maxdepth 1 -type f \( -name core -o -name 'core.[0-9]*' \) $before -- "$root/" $(in_homes "")

kind temporary_files
old -xdev -type f $before -- "$root/tmp" "$root/var/tmp"
in_homes 'script_[0-9]*.sh' 'packer-*' | while IFS= read -r path; do one "$path"; done

kind done
