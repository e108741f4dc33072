# What get-bitcoind, get-monero and get-chromium share: Debian's packages, fetched and unpacked beside the system.
# Sourced by them, and does nothing by itself.
#
# Whoever sources it sets
#   KIND     the folder within the cache, and the tool's name: "bitcoind" of get-bitcoind
#   KEPT     the folder within that one, which is replaced as a whole; its number grows with the layout
#   RESULT   what is printed, below KEPT
#   OWN      how to do without: printed where something fails
# and defines
#   works DIR       whether the programs in it start
#   version DIR     what they call themselves
#   fetch WORK      fills WORK/archives with packages
#   unpack WORK     makes WORK/new of them
#
# For a package with every library that it needs, down to libc, `fetch_whole` and `unpack_whole` do the last two.

ROUNDS=3
PAUSE_S=5

say() { echo "get-$KIND: $*" >&2; }
fail() {
    say "$1"
    say "($OWN)"
    exit 1
}

get() { # [--force] [FOLDER]: prints where it is; the second call finds the first one's work
    local force=
    if [ "${1:-}" = --force ]; then force=yes; shift; fi
    local folder=${1:-${PAYDAEMON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/paydaemon}/$KIND}
    mkdir -p "$folder" || fail "cannot write to $folder"
    folder=$(cd "$folder" && pwd)

    if [ -z "$force" ] && works "$folder/$KEPT"; then echo "$folder/$KEPT/$RESULT"; return; fi
    need apt-get dpkg dpkg-deb flock
    lock "$folder"
    if [ -z "$force" ] && works "$folder/$KEPT"; then echo "$folder/$KEPT/$RESULT"; return; fi

    rm -rf "$folder"/incoming.*                   # left by a run that was killed
    work=$(mktemp -d "$folder/incoming.XXXXXX")   # global: the trap outlives this function
    trap 'rm -rf "$work"' EXIT
    fetch "$work"
    say "unpacking $(find "$work/archives" -name '*.deb' | wc -l) packages"
    unpack "$work"
    works "$work/new" || fail "what was unpacked does not start: $(version "$work/new" 2>&1 | head -n 1)"
    if [ -e "$folder/$KEPT" ]; then mv "$folder/$KEPT" "$work/replaced"; fi
    mv "$work/new" "$folder/$KEPT"
    say "ready: $(version "$folder/$KEPT" 2>/dev/null | head -n 1)"
    echo "$folder/$KEPT/$RESULT"
}

need() { # COMMANDS
    local command
    for command; do
        command -v "$command" >/dev/null || fail "this needs Debian's $command, which is not here"
    done
}

lock() { # FOLDER: one run at a time; the next one finds the work done
    exec 9>"$1/lock"
    flock --nonblock 9 || { say "waiting for another run to finish"; flock 9; }
}

# --- fetching

in_rounds() { # COMMAND ARGUMENTS: until it succeeds, a few times
    local round
    for ((round = 1; round <= ROUNDS; round++)); do
        if "$@"; then return; fi
        [ "$round" -eq "$ROUNDS" ] || { say "trying again in $((PAUSE_S * round)) s"; sleep $((PAUSE_S * round)); }
    done
    return 1
}

apt_configuration() { # WORK: where things are kept, and that nothing is taken unsigned
    cat <<CONF
Dir::State "$1/apt";
Dir::State::Lists "$1/apt/lists";
Dir::Cache "$1/apt";
Dir::Cache::Archives "$1/archives";
Dir::Log "$1/apt";
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
CONF
}

apt() { # WORK ARGUMENTS: apt-get as configured there; of its output, the progress and what went wrong
    APT_CONFIG="$1/apt/apt.conf" DEBIAN_FRONTEND=noninteractive apt-get -q "${@:2}" 2>&1 9>&- |
        sed -u -n -E 's/^Get:[0-9]+ [^ ]+ (.*)/    \1/p; /^(Err|E|W):/p' >&2
}

extract() { # WORK: the archives → WORK/new/tree
    local archive
    mkdir -p "$1/new/tree"
    for archive in "$1"/archives/*.deb; do
        case ${archive##*/} in ${LEFT_OUT:-}) continue ;; esac
        dpkg-deb --extract "$archive" "$1/new/tree"
    done
}

# --- a package with every library it needs, down to libc
#
# apt fetches them as any user, with configuration, lists and status of its own: it checks the archive's signature
# against debian-archive-keyring, and each package against the signed index. They are unpacked, not installed: no
# maintainer script runs, and the programs start with the libraries they came with, so that the system's own release
# does not matter. PAYDAEMON_DEBIAN_MIRROR names the archive to ask where the system's own apt sources know none of
# Debian's. Further settings:
#   PACKAGE, PROGRAMS   which, and what of its usr/bin is to be started
#   SUITE_SETS          sets of suites in order of preference: the package from the last of a set, libraries from any
#   NOT_NEEDED          what it wants for maintainer scripts alone: apt is told that it is there

fetch_whole() { # WORK
    keyring=$(compgen -G '/usr/share/keyrings/debian-archive-keyring.*' | head -n 1) ||
        fail "this needs the package debian-archive-keyring, to check what it fetches"
    architecture=$(dpkg --print-architecture)
    mapfile -t mirrors < <(debian_mirrors)
    [ ${#mirrors[@]} -gt 0 ] || fail "apt's sources name no Debian archive: set PAYDAEMON_DEBIAN_MIRROR to one"
    in_rounds from_any_suite "$1" ||
        fail "could not fetch $PACKAGE from Debian's archive; what apt says stands above"
}

debian_mirrors() { # where this system gets Debian from, so that no host is written here
    if [ -n "${PAYDAEMON_DEBIAN_MIRROR:-}" ]; then echo "$PAYDAEMON_DEBIAN_MIRROR"; return; fi
    # ORIGIN is empty as long as the system has not fetched that index.
    apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(RELEASE)|$(SITE)' 'Created-By: Packages' |
        awk -F '|' '($1 == "Debian" || $1 == "") && $2 == "main" && $3 !~ /-security/ && $4 !~ /^cdrom:/ && !seen[$4]++ { print $4 }'
}

from_any_suite() { # WORK
    local mirror suites
    for mirror in "${mirrors[@]}"; do
        for suites in "${SUITE_SETS[@]}"; do
            if download "$1" "$mirror" "$suites"; then return; fi
            say "no $PACKAGE to be had from $suites"
        done
    done
    return 1
}

download() { # WORK MIRROR SUITES
    local target="${3##* }"
    rm -rf "$1/apt" "$1/archives"
    mkdir -p "$1/apt/lists/partial" "$1/archives/partial"
    write_apt_files "$@"
    say "reading the package index of Debian $3"
    apt "$1" update || return 1
    say "downloading $PACKAGE and its libraries"
    apt "$1" --yes --download-only install "$PACKAGE/$target"
}

write_apt_files() { # WORK MIRROR SUITES
    local suite package
    for suite in $3; do
        echo "deb [signed-by=$keyring arch=$architecture] $2 $suite main"
    done >"$1/apt/sources.list"
    for package in "${NOT_NEEDED[@]}"; do
        printf '%s\n' "Package: $package" "Status: install ok installed" "Version: 999" \
            "Architecture: $architecture" "Maintainer: none" "Description: taken to be here" ""
    done >"$1/apt/status"
    ( umask 077 && own_apt_configuration "$1" >"$1/apt/apt.conf" )
}

own_apt_configuration() { # WORK
    apt-config dump | grep -E '^Acquire::(http|https|ForceIPv4|ForceIPv6)\b' || true   # the system's way to the network
    apt_configuration "$1"
    cat <<CONF
Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::SourceList "$1/apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::Trusted "/dev/null";
Dir::Etc::TrustedParts "/dev/null";
Dir::State::Status "$1/apt/status";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
CONF
}

unpack_whole() { # WORK
    local program
    extract "$1"
    mkdir -p "$1/new/bin"
    for program in "${PROGRAMS[@]}"; do
        write_wrapper "$1/new" "$program"
    done
}

write_wrapper() { # NODE PROGRAM: starts it with the loader and libraries it came with, wherever NODE is moved to
    local libraries loader
    libraries=$(cd "$1" && find tree -name 'lib*.so.*' -not -path '*/share/*' -printf '$node/%h\n' | sort -u | paste -sd :)
    loader=$(cd "$1" && find tree -name 'ld-linux*.so.*' -type f -print -quit)
    [ -n "$libraries" ] && [ -n "$loader" ] || fail "the packages hold no C library"
    cat >"$1/bin/$2" <<WRAPPER
#!/bin/sh
# Becomes $2 itself (exec), so that the process id is the program's.
self=\$(readlink -f "\$0")
node=\${self%/bin/*}
unset LD_LIBRARY_PATH LD_PRELOAD
exec "\$node/$loader" --inhibit-cache --library-path "$libraries" --argv0 $2 "\$node/tree/usr/bin/$2" "\$@"
WRAPPER
    chmod 755 "$1/bin/$2"
}
