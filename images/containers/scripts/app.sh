#!/bin/sh
# Loads the container of the application from its archive, and lets systemd start it. Runs as root,
# once, on a machine that becomes an image: IMAGE_VERSION and IMAGE_FILES are set.
#
# CI of an application leaves the archive in files/app.tar (`podman save`, `docker save`), tagged
# localhost/app. Without one it is made here, of files/app and Debian's nginx.
set -eu

archive=$IMAGE_FILES/app.tar
if [ ! -e "$archive" ]; then
    work=$(mktemp -d)
    cp -R "$IMAGE_FILES/app/." "$work"
    sed -i "s/@IMAGE_VERSION@/$IMAGE_VERSION/g" "$work"/www/*
    # A container is a tree of files: packages are unpacked, and none of their scripts is run.
    cd "$work"
    apt-get -q download nginx libc6 libcrypt1 libpcre2-8-0 libssl3 zlib1g
    for package in ./*.deb; do
        dpkg-deb --extract "$package" rootfs
    done
    rm -rf rootfs/usr/share/doc rootfs/usr/share/man rootfs/usr/lib/*/gconv
    podman build --quiet --tag localhost/app "$work"
    podman save --quiet --output "$archive" localhost/app
    podman image rm --force localhost/app
    cd /
    rm -rf "$work"
fi

podman load --quiet --input "$archive"
podman image exists localhost/app
install -m 0644 "$IMAGE_FILES/app.service" /etc/systemd/system/app.service
systemctl enable app.service

apt-get clean
rm -rf /var/lib/apt/lists/*
