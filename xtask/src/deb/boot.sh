#!/bin/sh
# Boots systemd beside whatever runs this machine: in namespaces of its own, with no unit but that of haechi's package.
# Expects to be root, in new namespaces of mounts, IPC, host name and network. $1 is what its control group is called.
set -eu

if [ "${2:-}" != leader ]; then
    # Of control groups it gets a part of its own, which it takes for the whole.
    umount --recursive /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mkdir "/sys/fs/cgroup/$1"
    echo 0 > "/sys/fs/cgroup/$1/cgroup.procs"
    exec unshare --pid --fork --kill-child --cgroup --mount --mount-proc sh "$0" "$1" leader
fi

umount /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# The kernel's settings are all machines' alike.
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -t tmpfs -o mode=755 tmpfs /run
# What it has to say of itself.
touch /run/console
mount --bind /run/console /dev/console
# Debian asks here whether it may start a service that it installs.
if [ -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 0\n' > /run/policy-rc.d
    chmod 755 /run/policy-rc.d
    mount --bind /run/policy-rc.d /usr/sbin/policy-rc.d
fi
ip link set lo up

# The units that it knows: those that every service needs, but empty, and haechi's, as far as it is installed and enabled.
mkdir -p /run/units/multi-user.target.wants /run/units/haechi.service.d
for target in sysinit basic network-online shutdown multi-user; do
    printf '[Unit]\nDefaultDependencies=no\n' > "/run/units/$target.target"
done
echo 'Requires=basic.target' >> /run/units/multi-user.target
ln -s /usr/lib/systemd/system/haechi.service /run/units/
ln -s /etc/systemd/system/multi-user.target.wants/haechi.service /run/units/multi-user.target.wants/
# No journal runs here.
printf '[Service]\nStandardError=append:/run/haechi.log\n' > /run/units/haechi.service.d/log.conf

exec env -i container=haechi PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=/run/units \
    /usr/lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no
