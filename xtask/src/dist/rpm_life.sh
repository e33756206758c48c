# Installs, looks at and removes an RPM in a copy of this machine's files, which is thrown away afterwards.
# rpm_life.sh PACKAGE FOLDER, in mounts of its own (unshare --mount), with an empty folder.
set -eu
package=$1 folder=$2
mount -t tmpfs none "$folder"
mkdir "$folder/changes" "$folder/work" "$folder/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/changes,workdir=$folder/work" "$folder/root"
mount -t proc proc "$folder/root/proc"
mount --bind /dev "$folder/root/dev"
cp -- "$package" "$folder/root/package.rpm"
# shellcheck disable=SC2016 # The shell inside is to expand them.
chroot "$folder/root" sh -eu -c '
    # What it needs is of another distribution, whose packages are not here.
    rpm --install --nodeps /package.rpm
    [ "$(stat -c %U:%G:%a /var/lib/haechi)" = haechi:haechi:700 ]
    [ "$(stat -c %U:%G:%a /etc/haechi/haechi.toml)" = root:haechi:640 ]
    [ "$(stat -c %U:%G:%a /usr/bin/haechi)" = root:root:755 ]
    haechi check-config /etc/haechi/haechi.toml
    rpm --verify --nodeps haechi
    echo "# changed" >> /etc/haechi/haechi.toml
    rpm --erase --nodeps haechi
    # What the administrator changed is kept, and so are the user and the data.
    [ -f /etc/haechi/haechi.toml.rpmsave ]
    [ ! -e /usr/bin/haechi ]
    [ "$(stat -c %U /var/lib/haechi)" = haechi ]
'
