# The settings belong to this group from the first moment on, so it is there before them.
set -e
if ! getent group haechi > /dev/null; then
    groupadd --system haechi
fi
if ! getent passwd haechi > /dev/null; then
    useradd --system --gid haechi --home-dir /var/lib/haechi --no-create-home --shell /sbin/nologin \
        --comment "haechi CAPTCHA server" haechi
fi
