if [ -d /run/systemd/system ]; then
    systemctl daemon-reload || :
    # After an upgrade, the new version takes over if the old one ran. Users and data stay after a removal.
    if [ "$1" -ge 1 ]; then
        systemctl try-restart haechi.service || :
    fi
fi
