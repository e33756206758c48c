set -e
install --directory --mode=0700 --owner=haechi --group=haechi /var/lib/haechi
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
# Whether it starts with the machine is the administrator's policy, which says no unless told otherwise.
if [ "$1" -eq 1 ] && command -v systemctl > /dev/null; then
    systemctl --no-reload preset haechi.service
fi
