# The package is removed, and not upgraded.
if [ "$1" -eq 0 ] && command -v systemctl > /dev/null; then
    if [ -d /run/systemd/system ]; then
        systemctl --no-reload disable --now haechi.service || :
    else
        systemctl --no-reload disable haechi.service || :
    fi
fi
