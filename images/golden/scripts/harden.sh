#!/bin/sh
# Brings every package up to date and puts the settings of files/ in place. Runs as root, once, on a
# machine that becomes an image: IMAGE_NAME, IMAGE_VERSION and IMAGE_FILES are set.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get -q -y -o Acquire::Retries=3 -o Acquire::Languages=none update
apt-get -q -y -o DPkg::Options::=--force-confold upgrade
apt-get clean
rm -rf /var/lib/apt/lists/*

install -D -m 0644 "$IMAGE_FILES/kernel.conf" /etc/sysctl.d/60-golden.conf
install -D -m 0644 "$IMAGE_FILES/sshd.conf" /etc/ssh/sshd_config.d/30-golden.conf
install -D -m 0644 "$IMAGE_FILES/journald.conf" /etc/systemd/journald.conf.d/60-golden.conf
/usr/sbin/sshd -t

# What is made of it keeps this, and can say what it stands on.
echo "$IMAGE_NAME $IMAGE_VERSION" >/etc/golden-release
