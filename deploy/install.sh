#!/bin/sh
# Installs haechi from a release: the program, its manual pages and its completions, below one folder.
#
#   install.sh [--prefix FOLDER] FROM
#
# FROM is the address of a release's tar.gz, beside which its SHA256SUMS lies; or such a file on this machine; or the
# folder that has them, from which the one for this machine is taken. What has another sum is refused.
#
# Without --prefix it is /usr/local for root, and $HOME/.local for everybody else. No service and no user is made: the
# example of a unit for systemd is in FOLDER/share/doc/haechi/examples.

set -eu
umask 022

usage="usage: install.sh [--prefix FOLDER] FROM"

fail() {
    printf 'install.sh: %s\n' "$1" >&2
    exit 1
}

# What Rust calls this machine. A program for glibc does not run where there is another C library.
target() {
    [ "$(uname -s)" = Linux ] || fail "haechi runs on Linux, and this is $(uname -s)"
    if (ldd --version 2>&1 || true) | grep -qi musl; then libc=musl; else libc=gnu; fi
    case "$(uname -m)" in
        x86_64 | amd64) echo "x86_64-unknown-linux-$libc" ;;
        aarch64 | arm64) echo "aarch64-unknown-linux-$libc" ;;
        *) fail "there is no haechi for $(uname -m)" ;;
    esac
}

# Only the sums say whether a file is the right one, so they must come by a way that nobody can change.
check_address() {
    case "$1" in
        *@*) fail "$1: an address has no @" ;;
        https://*) ;;
        http://127.0.0.1:* | http://127.0.0.1/* | http://localhost:* | http://localhost/*) ;;
        *) fail "$1: an address begins with https://" ;;
    esac
}

fetch() {
    command -v curl > /dev/null || fail "curl is needed to fetch $1; or fetch it by hand, and say in which folder it is"
    protocols="=https"
    case "$1" in http://*) protocols="=http" ;; esac
    # As large as a release can be, so that nobody fills the disk.
    curl --fail --silent --show-error --location --proto "$protocols" --proto-redir "$protocols" \
        --max-filesize 200000000 --max-time 600 --output "$2" "$1" || fail "$1 could not be fetched"
}

sum_of() {
    if command -v sha256sum > /dev/null; then
        sha256sum < "$1" | cut -d ' ' -f 1
    elif command -v shasum > /dev/null; then
        shasum -a 256 < "$1" | cut -d ' ' -f 1
    else
        fail "sha256sum is needed, to see whether the file is the right one"
    fi
}

# Puts the tar.gz and the sums into the temporary folder, and sets name.
gather() {
    if [ -d "$1" ]; then
        wanted=$(target)
        set -- "$1"/haechi-*-"$wanted".tar.gz
        [ -e "$1" ] || fail "there is no haechi for $wanted in that folder"
        [ $# -eq 1 ] || fail "there are several versions in that folder: say which file"
    fi
    name=${1##*/}
    case "$name" in
        haechi-*.tar.gz) ;;
        *) fail "$1 is no release: its name is not haechi-VERSION-MACHINE.tar.gz" ;;
    esac
    case "$1" in
        *://*)
            check_address "$1"
            fetch "${1%/*}/SHA256SUMS" "$folder/SHA256SUMS"
            fetch "$1" "$folder/$name"
            ;;
        *)
            [ -f "$1" ] || fail "there is no $1"
            from=$(dirname -- "$1")
            [ -f "$from/SHA256SUMS" ] || fail "there is no SHA256SUMS beside $1"
            # A copy, so that what is checked is what is unpacked.
            cp -- "$from/SHA256SUMS" "$folder/SHA256SUMS"
            cp -- "$1" "$folder/$name"
            ;;
    esac
}

check_sum() {
    expected=$(awk -v name="$name" '$2 == name { print $1 }' "$folder/SHA256SUMS")
    case "$expected" in
        '') fail "SHA256SUMS does not name $name" ;;
        *[!0-9a-f]*) fail "SHA256SUMS has no single sum for $name" ;;
    esac
    found=$(sum_of "$folder/$name")
    [ "$found" = "$expected" ] || fail "$name is not what SHA256SUMS says, so nothing was installed:
  expected $expected
  found    $found"
}

# Puts a file in its place in one step: a program that runs goes on with what it has.
place() {
    mkdir -p -- "$(dirname -- "$2")"
    cp -- "$1" "$2.new"
    chmod "$3" "$2.new"
    mv -f -- "$2.new" "$2"
}

main() {
    prefix=
    from=
    while [ $# -gt 0 ]; do
        case "$1" in
            --prefix)
                [ $# -ge 2 ] || fail "--prefix needs a folder"
                prefix=$2
                shift
                ;;
            --help)
                echo "$usage"
                exit 0
                ;;
            -*) fail "there is no $1. $usage" ;;
            *)
                [ -z "$from" ] || fail "only one thing can be installed. $usage"
                from=$1
                ;;
        esac
        shift
    done
    [ -n "$from" ] || fail "$usage"
    if [ -z "$prefix" ]; then
        if [ "$(id -u)" -eq 0 ]; then prefix=/usr/local; else prefix=${HOME:?}/.local; fi
    fi

    folder=$(mktemp -d)
    trap 'rm -rf -- "$folder"' EXIT
    trap 'exit 1' HUP INT TERM
    gather "$from"
    check_sum
    tar -xzf "$folder/$name" -C "$folder"
    top=$folder/${name%.tar.gz}
    [ -f "$top/bin/haechi" ] || fail "there is no program in $name"

    # Before anything is replaced: a program for another machine, or for a newer C library, ends here.
    place "$top/bin/haechi" "$prefix/bin/.haechi-try" 755
    trap 'rm -rf -- "$folder" "$prefix/bin/.haechi-try"' EXIT
    version=$("$prefix/bin/.haechi-try" --version) || fail "$name does not run on this machine, so nothing was installed"
    mv -f -- "$prefix/bin/.haechi-try" "$prefix/bin/haechi"
    (cd "$top" && find share -type f) | while IFS= read -r file; do
        place "$top/$file" "$prefix/$file" 644
    done

    echo "installed $version: $prefix/bin/haechi"
    case ":$PATH:" in
        *":$prefix/bin:"*) ;;
        *) echo "$prefix/bin is not in your PATH" ;;
    esac
    echo "try it: $prefix/bin/haechi serve"
}

# All has arrived by the time that anything runs, also where this text comes through a pipe.
main "$@"
