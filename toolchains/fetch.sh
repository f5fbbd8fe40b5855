#!/usr/bin/env bash
# fetch.sh mbedtls|lwip|cmocka|cjson - prints the folder of a dependency's source
# tree, and fetches it first where the cache has none.
#
# The trees are Debian's source packages, from the archive that this machine's
# own apt uses. A list of our own adds the sources of one suite of that archive;
# the machine's lists stay as they are. apt checks the archive's signature and,
# through it, every file. Debian's patches (security fixes among them) are
# applied. Pinned are the suite and the upstream series, because the archive
# drops a package revision as soon as there is a newer one.
set -euo pipefail

suite=trixie
case "${1-}" in
mbedtls) series=3.6 variable=SOTTO_MBEDTLS_DIR ;;
lwip) series=2.2 variable=SOTTO_LWIP_DIR ;;
# For tests on a board; a host has their packages, of this suite or a later one.
cmocka) suite=bookworm series=1.1 variable=SOTTO_CMOCKA_DIR ;;
cjson) suite=bookworm series=1.7 variable=SOTTO_CJSON_DIR ;;
*)
    echo "usage: fetch.sh mbedtls|lwip|cmocka|cjson" >&2
    exit 2
    ;;
esac
name=$1
home=${HOME:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build}
cache=${SOTTO_CACHE_DIR:-${XDG_CACHE_HOME:-$home/.cache}/sotto}

fail() {
    echo "fetch.sh: $*" >&2
    echo "fetch.sh: to use a tree of your own, unpack $name $series.x and set" \
        "$variable to its folder." >&2
    exit 1
}

# The newest tree in the cache, or nothing.
cached() {
    find "$cache/src" -mindepth 1 -maxdepth 1 -type d \
        -name "$name-$series.*" | sort -V | tail -n 1
}

# Runs an apt command on our own list and state below $work. What is not signed
# is refused, whatever the machine's configuration says.
private_apt() {
    local command=$1
    shift
    "$command" -qq -o Dir::Etc::SourceList="$work/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/lists" \
        -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root \
        -o Acquire::AllowInsecureRepositories=false \
        -o APT::Get::AllowUnauthenticated=false "$@"
}

# The address of the Debian archive that apt is set up for. Options: apt's own.
archive() {
    # shellcheck disable=SC2016 # apt fills these in
    apt-get "$@" indextargets 'Created-By: Packages' --format \
        '$(CODENAME) $(COMPONENT) $(ORIGIN) $(REPO_URI)' |
        awk '$1 !~ /-/ && $2 == "main" && $3 == "Debian" && !n++ { print $4 }'
}

fetch() {
    local uri keyring version
    command -v apt-get >/dev/null || fail "there is no apt on this machine."
    command -v dpkg-source >/dev/null ||
        fail "dpkg-source is missing (package dpkg-dev)."
    uri=$(archive)
    if [ -z "$uri" ]; then # no lists yet, as in a new container
        mkdir -p "$work/machine/partial" "$work/cache/archives/partial"
        local own=(-qq -o Dir::State::Lists="$work/machine"
            -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root)
        apt-get "${own[@]}" update >&2 || fail "apt-get update failed."
        uri=$(archive "${own[@]}")
    fi
    [ -n "$uri" ] || fail "apt knows no Debian archive."
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -r "$keyring" ] || fail "$keyring is missing (package debian-archive-keyring)."

    echo "Fetching the $name $series source package of Debian $suite" >&2
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    echo "deb-src [signed-by=$keyring] $uri $suite main" >"$work/sources.list"
    private_apt apt-get update >&2 || fail "apt-get update failed."
    version=$(private_apt apt-cache showsrc "$name" |
        sed -n "s/^Version: \($series\..*\)/\1/p" | sort -V | tail -n 1)
    [ -n "$version" ] || fail "$suite has no $name $series."
    (cd "$work" &&
        private_apt apt-get source --download-only "$name=$version") >&2 ||
        fail "the download failed."
    # apt has verified these files already; the uploader's key is not needed.
    dpkg-source --no-check -x "$work/$name"_*.dsc "$work/tree" \
        >"$work/log" 2>&1 || fail "unpacking failed: $(tail -n 1 "$work/log")"
    mv -T "$work/tree" "$cache/src/$name-${version//[^A-Za-z0-9.+-]/_}"
}

mkdir -p "$cache/src"
tree=$(cached)
if [ -z "$tree" ]; then
    exec 9>"$cache/lock"
    flock 9 # another build may be fetching
    tree=$(cached)
fi
if [ -z "$tree" ]; then
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    fetch
    tree=$(cached)
fi
echo "$tree"
